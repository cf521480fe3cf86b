"""The token of a client stands in a header of its requests, and nowhere else."""

from __future__ import annotations

import pytest

from estimates.client.clients import AsyncClient, Client
from estimates.errors import RefusedError

_URL = "http://ann:hidden@127.0.0.1:9"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("token", ["est_s\xe9cret", "est_secret\r\nx: y", "est_ secret", " "])
def test_no_token(kind: type[Client | AsyncClient], token: str) -> None:
    """What cannot stand in a header is refused at once, and not shown."""
    with pytest.raises(RefusedError) as refused:
        kind(_URL, token=token)
    assert refused.value.code == "bad_token"
    assert "cret" not in str(refused.value).replace("the secret", "")


def test_a_token_of_a_file() -> None:
    """The end of a line is no part of it; neither it nor a password is shown."""
    with Client(_URL, token="est_secret\n") as client:
        assert client._http.headers["authorization"] == "Bearer est_secret"
        assert repr(client) == "Client('http://ann:***@127.0.0.1:9')"
        assert not client._http.follow_redirects  # another host never gets it
