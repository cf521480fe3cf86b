"""Public keys as text, and whether a signature is theirs: Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import binascii
import importlib.util
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from estimates.errors import InvalidError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_PREFIX = "ed25519:"
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64


@cache
def can_check() -> bool:
    """Whether signatures can be checked here: with the extra `signatures`."""
    return importlib.util.find_spec("cryptography") is not None


def key_text(raw: bytes) -> str:
    """A public key of 32 bytes as text: `ed25519:` and unpadded base64url."""
    return _PREFIX + unpadded(raw)


def check_key(text: str) -> str:
    """The text of a public key, if it is one; raises InvalidError (`bad_key_text`)."""
    raw = _decoded(text.removeprefix(_PREFIX), _KEY_BYTES)
    if raw is None or key_text(raw) != text:
        raise InvalidError(
            "bad_key_text",
            f"{text!r} is no public key",
            remedy="write it as `estimates key show` prints it: ed25519: and 43 characters",
        )
    return text


def is_signature(key: str, signature: Any, message: bytes) -> bool:
    """Whether a signature, as text, is that of a message by the private half of a key.

    signature  anything else is none: SQLite keeps bytes in a column of text

    Raises ModuleNotFoundError without the extra `signatures`.
    """
    from cryptography.exceptions import InvalidSignature

    raw = _decoded(signature, _SIGNATURE_BYTES) if isinstance(signature, str) else None
    if raw is None:
        return False
    try:
        _loaded(key).verify(raw, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def unpadded(raw: bytes) -> str:
    """Bytes in base64url without its padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str, size: int) -> bytes | None:
    """Bytes of base64url without padding; None where they are not so many."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == size and unpadded(raw) == text else None


@lru_cache(1000)
def _loaded(key: str) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    raw = _decoded(key.removeprefix(_PREFIX), _KEY_BYTES)
    if raw is None:
        raise ValueError(key)
    return Ed25519PublicKey.from_public_bytes(raw)
