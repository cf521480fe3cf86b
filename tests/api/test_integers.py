"""Integers as strings, for readers whose numbers are doubles; errors that name what is allowed."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from litestar.testing import TestClient

from tests.api.bad_requests import ONE, SCAN
from tests.api.served import ODD, path_of

pytest_plugins = ("tests.api.fixtures",)
_ONE = path_of(ODD, "batch", 0)
_PAGE = f"/v1/sets/{ODD}/estimates"
_HISTORY = _ONE.replace("/estimates/", "/history/")


def test_integers_as_strings(client: TestClient[Any]) -> None:
    """`integers=string` makes strings of the integers of rows, wherever rows are; floats stay."""
    plain = client.get(_ONE).json()["estimate"]
    row = {"name": "batch", "step": "0", "score": plain["score"]}
    assert plain["step"] == 0
    assert client.get(f"{_ONE}?integers=string").json()["estimate"] == row
    page = client.get(f"{_PAGE}?integers=string&limit=3").json()
    assert all(isinstance(cells["step"], str) for cells in page["estimates"])
    body = {"keys": [["batch", 0], ["nobody", 1]], "integers": "string"}
    estimated, absent = client.post(_PAGE, json=body).json()["results"]
    assert estimated["estimate"] == row
    assert absent["key"] == ["nobody", "1"]
    assert client.get(f"{_HISTORY}?integers=string").json()["history"][0]["estimate"] == row


@pytest.mark.parametrize("form", ["text/csv", "application/vnd.apache.arrow.stream"])
def test_tables_have_types_of_their_own(client: TestClient[Any], form: str) -> None:
    """CSV and Arrow are the same with it and without."""
    plain, strings = (
        client.get(f"{_PAGE}?limit=3{more}", headers={"accept": form}).content
        for more in ("", "&integers=string")
    )
    assert plain == strings
    if form != "text/csv":
        assert pl.read_ipc_stream(plain).schema["step"] == pl.Int64


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (f"{ONE}?integers=text", "integers: Invalid enum value 'text'; allowed: 'string'"),
        (f"{SCAN}?clock=x", "clock: Invalid enum value 'x'; allowed: 'released'"),
        ("/v1/sets/closes/versions/4/data?format=json", "; allowed: 'parquet', 'arrow', 'csv'"),
        ("/v1/sets/closes/diff?from=1&pairing=x", "'same_key', 'same_horizon', 'same_target'"),
        ("/v1/sets/closes/versions?state=x", "; allowed: 'expired', 'production', "),
    ],
)
def test_a_wrong_choice_names_those_there_are(
    client: TestClient[Any], path: str, allowed: str
) -> None:
    """Every parameter that is one of a list of words names them when it is another word."""
    answer = client.get(path)
    assert answer.status_code == 400
    assert allowed in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"keys":[],"keys":[["AAPL","2024-06-03"]]}', "'keys' stands twice in the body; allowed"),
        (b'{"ref":1,"keys":[],"ref":2}', "'ref' stands twice"),
        (b'{"keys":[],"clock":"x"}', "; allowed: 'released'"),
    ],
)
def test_a_body_that_says_two_things(client: TestClient[Any], body: bytes, words: str) -> None:
    """A name that stands twice is refused, and so is a word that is no choice."""
    answer = client.post(SCAN, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_body"
    assert words in answer.json()["detail"]


def test_keys_may_be_called_like_fields(client: TestClient[Any]) -> None:
    """A key part that reads like a name of the body is none."""
    body = {"keys": [["keys", 1], ["ref", 1], ["keys", 2]], "ref": "latest"}
    assert len(client.post(_PAGE, json=body).json()["results"]) == 3


def test_the_nearest_name_is_said(client: TestClient[Any]) -> None:
    """A set, a column or a parameter that is not there: the nearest one that is."""
    for path, meant in (
        (ONE.replace("closes", "close"), "did you mean 'closes'?"),
        (f"{ONE}?fields=valeu", "did you mean 'value'?"),
        (f"{ONE}?feilds=value", "did you mean 'fields'?"),
        (f"{ONE}?ref=producton", "did you mean 'production'?"),
    ):
        assert meant in client.get(path).json()["detail"]
