"""Which secret of a request counts."""

from __future__ import annotations

import pytest

from estimates.errors import RefusedError
from estimates_api.access.admission import secret_of

_AUTHORIZATION, _COOKIE = b"authorization", b"cookie"


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        ([], None),
        ([(_AUTHORIZATION, b"Bearer a")], "a"),
        ([(_AUTHORIZATION, b"bearer  a ")], "a"),
        ([(_AUTHORIZATION, b"Basic a")], None),
        ([(_AUTHORIZATION, b"Bearer ")], None),
        ([(_COOKIE, b"estimates_token=b")], "b"),
        ([(_AUTHORIZATION, b"Bearer a"), (_COOKIE, b"estimates_token=b")], "a"),
        ([(_AUTHORIZATION, b"Basic a"), (_COOKIE, b"estimates_token=b")], "b"),
        ([(_COOKIE, b'other={"a": [1, 2]}; estimates_token=b; =; x')], "b"),
        ([(_COOKIE, b"an_estimates_token=c")], None),
    ],
)
def test_secret(headers: list[tuple[bytes, bytes]], secret: str | None) -> None:
    """A header counts before the cookie; other schemes and odd cookies of others do no harm."""
    assert secret_of({"headers": headers}) == secret


@pytest.mark.parametrize(
    "headers",
    [
        [(_AUTHORIZATION, b"Bearer a"), (_AUTHORIZATION, b"Bearer b")],
        [(_COOKIE, b"estimates_token=a; estimates_token=b")],
        [(_COOKIE, b"estimates_token=a"), (_COOKIE, b"estimates_token=b")],
    ],
)
def test_two_secrets(headers: list[tuple[bytes, bytes]]) -> None:
    """Two are refused: who stands before the service may have looked at the other."""
    with pytest.raises(RefusedError) as refused:
        secret_of({"headers": headers})
    assert refused.value.code == "bad_token"
