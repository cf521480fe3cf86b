"""The file of a private key: PKCS #8 in PEM, which its owner alone may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from estimates.errors import InvalidError, NotFoundError, RefusedError
from estimates.extras import install
from estimates.principals.public_key import can_check, key_text, unpadded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

EXTRA = "signatures"
_MAKE = "make one with `estimates key create`"


class PrivateKey:
    """A key that signs; `public` is its other half as text."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key_text(key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> str:
        """The signature of a message as text; the same message has the same."""
        return unpadded(self._key.sign(message))


def create_key(path: Path) -> PrivateKey:
    """Make a key and its file, for its owner alone (mode 0600).

    Raises InvalidError (`file_exists`, `not_written`), RefusedError (`no_cryptography`).
    """
    need_cryptography()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InvalidError(
            "file_exists", f"{path} is there already", remedy="name another file with --key"
        ) from None
    except OSError as error:
        raise InvalidError(
            "not_written", f"{path}: {error.strerror}", remedy="name another file with --key"
        ) from None
    with os.fdopen(file, "wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    return PrivateKey(key)


def load_key(path: Path, password: str | None = None) -> PrivateKey:
    """The key of a file.

    password  of a file that was encrypted, as `openssl pkcs8 -topk8` does it
    Raises NotFoundError (`no_key`), RefusedError (`key_exposed` where others may read or write the
    file, `no_cryptography`), InvalidError (`bad_key_file`).
    """
    need_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        with path.open("rb") as file:
            _check_private(path, os.fstat(file.fileno()))
            content = file.read(1 << 16)
    except FileNotFoundError:
        raise NotFoundError(
            "no_key",
            f"there is no key at {path}",
            remedy="make one with `estimates key create`, or name its file in ESTIMATES_KEY",
        ) from None
    except OSError as error:
        raise RefusedError(
            "key_exposed", f"{path}: {error.strerror}", remedy="name a file that is yours"
        ) from None
    try:
        key = load_pem_private_key(content, None if password is None else password.encode())
    except TypeError:  # a password where none is needed, or none where one is
        if password is not None:
            return load_key(path)
        raise _bad(path, "is encrypted", "set ESTIMATES_KEY_PASSWORD") from None
    except ValueError:
        raise _bad(path, "cannot be read", "see the file and ESTIMATES_KEY_PASSWORD") from None
    except UnsupportedAlgorithm:  # a curve or a cipher that OpenSSL does not have here
        raise _bad(path, "is of a kind that cannot be used", _MAKE) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _bad(path, "is no Ed25519 key", _MAKE)
    return PrivateKey(key)


def need_cryptography() -> None:
    """Raises RefusedError (`no_cryptography`)."""
    if not can_check():
        raise RefusedError(
            "no_cryptography",
            "keys and signatures need the package cryptography",
            remedy=install(EXTRA),
        )


def _check_private(path: Path, status: os.stat_result) -> None:
    if os.name != "posix":
        return
    if status.st_uid not in (os.geteuid(), 0):
        raise RefusedError(
            "key_exposed", f"{path} belongs to another user", remedy="make a key of your own"
        )
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise RefusedError(
            "key_exposed",
            f"{path} may be read or written by others, so that the key is not yours alone",
            remedy=f"chmod 600 {path}, and a new key where others were on this machine",
        )


def _bad(path: Path, what: str, remedy: str) -> InvalidError:
    return InvalidError("bad_key_file", f"{path} {what}", remedy=remedy)
