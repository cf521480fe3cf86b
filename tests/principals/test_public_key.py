"""Public keys as text, and whose a signature is."""

from __future__ import annotations

from typing import Any

import pytest

from estimates.principals.public_key import check_key, is_signature, key_text, unpadded
from tests.builders import code_of

# RFC 8032, section 7.1, test 2
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
KEY = "ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"


def test_a_key_is_43_characters_behind_its_kind() -> None:
    """One text a key: nothing that stands for the same bytes is taken for it."""
    assert key_text(PUBLIC) == KEY
    assert check_key(KEY) == KEY


@pytest.mark.parametrize(
    "text",
    [
        KEY.removeprefix("ed25519:"),
        KEY.replace("ed25519", "rsa"),
        KEY + "=",
        KEY[:-1],
        KEY[:-1] + "x",  # bits that no byte has
        KEY.replace("-", "+"),
        KEY + " ",
        "ed25519:",
        "",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    """With its prefix, whole, unpadded, in the alphabet of URLs."""
    assert code_of(lambda: check_key(text)) == "bad_key_text"


def test_a_signature_is_of_one_message_by_one_key() -> None:
    """The vector of RFC 8032; another byte of either is another one's."""
    signature = unpadded(SIGNATURE)
    assert is_signature(KEY, signature, b"\x72")
    assert not is_signature(KEY, signature, b"\x73")
    assert not is_signature(KEY, unpadded(SIGNATURE[:-1] + b"\x01"), b"\x72")
    assert not is_signature(key_text(bytes(31) + b"\x01"), signature, b"\x72")


@pytest.mark.parametrize(
    "signature",
    [None, 5, SIGNATURE, "", "ä", "=" * 86, unpadded(SIGNATURE)[:-1], unpadded(SIGNATURE) + "=="],
)
def test_what_is_no_signature_is_nobodys(signature: Any) -> None:
    """SQLite keeps anything in a column of text; none of it is a failure."""
    assert not is_signature(KEY, signature, b"\x72")


def test_a_key_that_is_none_signed_nothing() -> None:
    """Rather than failing for all who read the log."""
    assert not is_signature("ed25519:short", unpadded(SIGNATURE), b"\x72")
