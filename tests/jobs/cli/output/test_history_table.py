"""One key through the versions, printed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.reading.answer import Answer
from estimates_jobs.cli.output.history_table import show_history
from tests.contract.contracts import ROLLING

CONTRACT = parse_contract(
    ROLLING.replace("[domain]", '[columns.note]\nrole = "attribute"\ntype = "string"\n[domain]')
)
_AT = "2024-06-03T00:00:00Z"


def entry(version: int, value: float | None, state: str = "superseded") -> dict[str, Any]:
    """What a version said; None: it did not have the key."""
    key = {"ticker": "A", "target_date": "2024-06-04"}
    estimate = None if value is None else key | {"value": value, "note": "n"}
    times = {"published_at": _AT, "data_through": _AT}
    return {"version": version, "state": state, "production": [], "estimate": estimate} | times


def lines(capsys: pytest.CaptureFixture[str], *entries: dict[str, Any], **more: Any) -> list[str]:
    """What is printed of these versions, the spaces between its words aside."""
    fields = {name: more.pop(name) for name in ("fields", "left_out", "within") if name in more}
    body = {"set": "close", "key": ["A", "2024-06-04"], "history": entries} | more
    show_history(Answer("close", None, msgspec.json.encode(body)), CONTRACT, **fields)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_a_row_a_version(capsys: pytest.CaptureFixture[str]) -> None:
    """With the change from the last version before that was not refused."""
    shown = lines(capsys, entry(1, 100.0), entry(2, 150.0, "refused"), entry(3, 110.0))
    assert shown[0] == "close A/2024-06-04, 3 versions"
    rows = [line for line in shown if line[:1] in "123"]
    assert "value [USD]" in shown[1]
    assert "+50.00 %" in rows[1] or "+50.0 %" in rows[1]
    assert "▲" not in rows[1]
    assert "+10.0 %" in rows[2] or "+10.00 %" in rows[2]
    assert "▲" in rows[2]


def test_versions_without_the_key_at_both_ends(capsys: pytest.CaptureFixture[str]) -> None:
    """They are counted; one in between has its row."""
    shown = lines(
        capsys, entry(1, None), entry(2, 1.0), entry(3, None), entry(4, 2.0), entry(5, None)
    )
    assert [line[:1] for line in shown if line[:1].isdigit()] == ["2", "3", "4"]
    assert "without this key: 1 versions before these, 1 after them" in shown


def test_no_version_has_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    """Among those that were looked at."""
    assert lines(capsys, entry(1, None))[1:] == ["no version has this key"]
    shown = lines(capsys, entry(1, None), left_out="1 version more", within=" of May")
    assert shown[1:] == ["1 version more", "no version of this shape of May has this key"]


def test_what_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    """Versions that expired, with why the last one did; a key that was erased."""
    gone = [{"version": 1, "at": _AT, "actor": "ann", "reason": "keep_for"}]
    assert "1 version expired, the last 1 at 2024-06-03T00:00:00Z (keep_for)" in lines(
        capsys, entry(2, 1.0), expired=gone
    )
    erased = {"at": _AT, "actor": "ann", "reason": "asked to"}
    shown = lines(capsys, entry(1, 1.0), erased=erased)
    assert shown[1:] == ["erased at 2024-06-03T00:00:00Z by ann (asked to)"]


def test_chosen_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """Only those, also one that is carried along."""
    assert "note" in lines(capsys, entry(1, 1.0), fields=["note"])[1]
    assert "note" not in lines(capsys, entry(1, 1.0))[1]
