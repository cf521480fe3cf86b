"""What is put into an answer's bytes, and what is left out of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from estimates import instants
from estimates.catalog.records import CarriedOver, Provenance
from estimates.contract.contract_file import parse_contract
from estimates.reading.answer import Answer, shown_version
from estimates.reading.standing import Standing
from tests.catalog.histories import hour, version

LARGE = 2**53 + 1
COUNTS = parse_contract("""
name = "counts"
[key.id]
type = "integer"
[columns.n]
type = "integer"
nullable = true
[columns.v]
[columns.code]
role = "attribute"
type = "string"
""")
ROW = {"id": LARGE, "n": -LARGE, "v": 0.1, "code": "7"}
MARK = {"by": "shop", "groups": ["001", "007"], "since": 1}
GROUPS = CarriedOver("shop", ("001", "007"), 5, 2, 1)
CARRIED = version(3, provenance=Provenance(hour(3), "r", carried_over=GROUPS))


def answer(carried: bool = False, **body: Any) -> Answer:
    """An answer of version 3 of `closes`."""
    members = {"set": "closes", "version": 3} | ({"carried_over": MARK} if carried else {}) | body
    return Answer("closes", CARRIED if carried else version(3), msgspec.json.encode(members))


def test_marks_stand_behind_the_version() -> None:
    """The last one first; what follows stays, byte for byte."""
    made = answer(estimate={"v": 1.0})
    made.mark_imported(False)
    made.standing = Standing(None, "file_damaged", datetime(2024, 1, 1, tzinfo=UTC))
    made.mark_standing()
    assert made.json == (
        b'{"set":"closes","version":3,"stale":false,"stale_from":null,"degraded":"file_damaged",'
        b'"retired":"2024-01-01T00:00:00Z","imported":false,"estimate":{"v":1.0}}'
    )
    assert [*made.body][:4] == ["set", "version", "stale", "stale_from"]


@pytest.mark.parametrize(
    ("released_at", "clock", "imported"),
    [(None, None, None), (None, "released", False), (1, "released", True), (1, None, None)],
)
def test_a_claim_is_said_where_the_clock_of_claims_is_asked(
    released_at: int | None, clock: Any, imported: bool | None
) -> None:
    """And nowhere else."""
    at = None if released_at is None else hour(released_at)
    made = Answer("closes", version(3, released_at=at), b'{"set":"closes","version":3,"n":1}')
    assert made.marked_by(clock).imported == bool(imported)
    assert made.body.get("imported") == imported


def test_an_answer_gets_stale_after_its_moment() -> None:
    """Never without one."""
    made = answer()
    assert not made.stale
    for ahead, is_stale in ((timedelta(hours=1), False), (timedelta(hours=-1), True)):
        made.standing = Standing(stale_from=instants.now() + ahead)
        assert made.stale is is_stale


@pytest.mark.parametrize(
    "body",
    [
        {"estimate": ROW},
        {"estimate": None},
        {"estimates": [ROW, ROW]},
        {"results": [{"status": "ok", "estimate": ROW}, {"status": "elapsed"}]},
        {"history": [{"version": 3, "estimate": ROW}, {"version": 2, "estimate": None}]},
    ],
)
def test_integers_become_text_in_every_row(body: dict[str, Any]) -> None:
    """Those of the contract's columns alone: a version's number is one that a double holds."""
    made = answer(**body)
    made.write_integers(COUNTS, "string")
    text = made.json.decode()
    assert made.body["version"] == 3
    assert text.count(f'"id":"{LARGE}","n":"-{LARGE}","v":0.1,"code":"7"') == str(body).count("0.1")
    plain = answer(**body)
    before = plain.json
    plain.write_integers(COUNTS, None)
    assert plain.json == before


def test_a_frame_has_numbers_whatever_the_json_has() -> None:
    """Integers beyond 2^53 lose nothing, and null is null."""
    made = answer(estimates=[ROW, ROW | {"n": None}])
    made.write_integers(COUNTS, "string")
    assert made.body["estimates"][1]["n"] is None
    assert made.frame(COUNTS).rows() == [(LARGE, -LARGE, 0.1, "7"), (LARGE, None, 0.1, "7")]


def test_groups_that_a_reader_may_not_know_are_left_out() -> None:
    """Of the answer and of its version; the mark itself stays."""
    made = answer(
        carried=True,
        history=[{"version": 1}, {"version": 3, "carried_over": MARK | {"this": True}}],
    )
    untouched = made.json
    made.show_groups(None)
    assert made.json == untouched
    made.show_groups(lambda by, group: (by, group) == ("shop", "007"))
    assert made.body["carried_over"]["groups"] == ["007"]
    assert made.body["history"][1]["carried_over"] == MARK | {"groups": ["007"], "this": True}
    assert made.version == shown_version(CARRIED, lambda _, group: group == "007")
    assert b"001" not in made.json


def test_a_version_of_nothing_but_its_own_rows_is_shown_as_it_is() -> None:
    """And so is any to whoever may know all."""
    assert shown_version(version(3), lambda *_: False) == version(3)
    assert shown_version(CARRIED, None) is CARRIED
    bare = shown_version(CARRIED, lambda *_: False).provenance.carried_over
    assert bare is not None
    assert (bare.groups, bare.rows) == ((), 5)


def test_cells_of_one_estimate_are_found_by_name() -> None:
    """Before members of the answer; a wrong name is told the nearest one."""
    made = answer(estimate={"version": 2.5, "value": 1.0})
    assert (made["value"], made["version"], made["set"]) == (1.0, 2.5, "closes")
    with pytest.raises(KeyError, match=r"no 'valeu' here \(did you mean 'value'\?\): there is ver"):
        made["valeu"]
    with pytest.raises(KeyError, match="there is set, version, estimates"):
        answer(estimates=[])["value"]
