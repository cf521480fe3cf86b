"""Key files: made for their owner alone, and what is no key of ours is refused in a sentence."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from estimates.errors import InvalidError, RefusedError
from estimates.principals.private_key import create_key, load_key

# Of the curve SM2, made for this test, which this build of OpenSSL has no use for.
SM2 = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQg2ahX026kQ7tLAAiE
a9JPdCKbiszvbhZjMV+5WVRDvmahRANCAAT7B3JrS3peYDJVEBYb7TTYrUWvRJvH
Xv2A6zmG5pT0PB3kbf4kVRhKpkcqKHhkJStFpuGvwNIicS5Ms2Fi2KE0
-----END PRIVATE KEY-----
"""
ED448 = Ed448PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_key_is_read_as_it_was_made(tmp_path: Path) -> None:
    """Its owner alone may read it, and it signs as before; encrypted, with its password."""
    path = tmp_path / "key.pem"
    made = create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path).sign(b"x") == made.sign(b"x")
    key = load_pem_private_key(path.read_bytes(), None)
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )
    assert load_key(path, "secret").public == made.public
    for password in (None, "wrong"):
        with pytest.raises(InvalidError) as caught:
            load_key(path, password)
        assert caught.value.code == "bad_key_file"


@pytest.mark.parametrize(
    "content", [b"", b"nothing", SM2.encode(), ED448], ids=["empty", "text", "SM2", "Ed448"]
)
def test_what_is_no_key_of_ours_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty, other text, a curve that is not to be had, another kind: the file is named."""
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InvalidError, match=str(path)) as caught:
        load_key(path)
    assert caught.value.code == "bad_key_file"


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """It may have been copied."""
    path = tmp_path / "key.pem"
    create_key(path)
    path.chmod(0o640)
    with pytest.raises(RefusedError) as caught:
        load_key(path)
    assert caught.value.code == "key_exposed"
