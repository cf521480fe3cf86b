"""How many keys a body has, before they are read."""

from __future__ import annotations

import pytest

from estimates.errors import EstimatesError
from estimates_api.http.batch_size import refuse_too_many_keys


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"keys":[%b]}' % b",".join([b'["a"]'] * 100_001), "too_many_keys"),
        (b'{"keys":[["a",%b1]]}' % (b"1," * 300_000), "bad_body"),
        (b'{"keys":[%b]}' % b",".join([b'["a"]'] * 100_000), None),
        (b'{"keys":[["%b"]]}' % (b"a" * 60_000), None),
        (b"[" * 600_000, None),
        (b"\xff" * 600_000, None),
        (b'{"fields":["%b"]}' % (b"a" * 600_000), None),
    ],
)
def test_too_many_keys_are_seen_before_they_are_read(body: bytes, code: str | None) -> None:
    """More than are answered, and a key that is none; what else is wrong the route says."""
    if code is None:
        refuse_too_many_keys(body)
        return
    with pytest.raises(EstimatesError) as error:
        refuse_too_many_keys(body)
    assert error.value.code == code
