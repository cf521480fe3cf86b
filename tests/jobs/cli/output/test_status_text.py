"""How sets stand, in words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from estimates.catalog.punctuality import NextDeadline
from estimates.catalog.records import CarriedOver
from estimates.catalog.sets_read import SetRead
from estimates_jobs.cli.output.set_status import (
    Newest,
    Production,
    SetStatus,
    Waiting,
)
from estimates_jobs.cli.output.status_text import show_status, show_statuses, worst_first
from tests.catalog.histories import hour


def status(name: str = "s", *problems: str, **changed: Any) -> SetStatus:
    """A set about which nothing more is known than is said."""
    fields: dict[str, Any] = dict.fromkeys(SetStatus.__struct_fields__)
    empty = ("legal_holds", "inputs", "read_by", "waiting", "requests")
    fields |= {name: [] for name in empty}
    fields |= {"set": name, "description": "", "owner": "", "versions": 0, "aliases": {}}
    return SetStatus(**(fields | {"problems": list(problems)} | changed))


def production(**changed: Any) -> Production:
    """Version 2, three days old."""
    made = Production(2, hour(5), hour(4), hour(3), 3 * 86_400.0, False, None)
    return msgspec.structs.replace(made, **changed)


RISK = NextDeadline(None, hour(9), 600.0, hour(8.5), True)


def test_the_worst_first() -> None:
    """By their worst problem, then a deadline at risk, then what waits; a retired set is last."""
    waiting = Waiting("candidate", "ann", "version 3 can be promoted", "estimates promote")
    sets = [
        status("a_retired", retired=hour(1)),
        status("quiet"),
        status("waits", waiting=[waiting]),
        status("risk", deadline=RISK),
        status("empty", "nothing_promoted"),
        status("stale", "stale", "failed"),
        status("also_stale", "stale"),
        status("failed", "failed"),
    ]
    assert [each.set for each in worst_first(sets)] == [
        *("also_stale", "stale", "failed", "empty", "risk", "waits", "quiet", "a_retired"),
    ]


def shown(capsys: pytest.CaptureFixture[str], each: SetStatus) -> str:
    """One set in detail, the spaces between its words aside."""
    show_status(each)
    return "\n".join(" ".join(line.split()) for line in capsys.readouterr().out.splitlines())


def test_a_set_with_little_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not there is not named."""
    text = shown(capsys, status(description="closing prices"))
    assert text.startswith("s closing prices")
    for word in ("owner", "production", "legal hold", "None", "made of"):
        assert word not in text


def test_a_set_in_detail(capsys: pytest.CaptureFixture[str]) -> None:
    """Production with its hold and what it carries over, the newest version, what it is made of."""
    carried = CarriedOver("shop", tuple("abcdefg"), 70, 9, 1)
    text = shown(
        capsys,
        status(
            production=production(held=True, held_because="late", carried_over=carried),
            newest=Newest(3, "rolled_back", hour(6), hour(6), None, None),
            aliases={"production": 2, "beta": 3},
            inputs=[
                SetRead("p", "prices", 4, "rolled_back", 5),
                SetRead("n", "news", 1, "production", 1),
            ],
            deadline=msgspec.structs.replace(RISK, missed=hour(7)),
        ),
    )
    for line in (
        "last version 3 (rolled back), published 2026-11-24T06:00:00Z",
        "its verdict not judged",
        "production version 2 since 2026-11-24T05:00:00Z",
        "hold held: late",
        "newest data 2026-11-24T03:00:00Z, 3d ago",
        "other aliases beta → 3",
        "made of prices 4 (rolled back, production is 5), news 1\n",
    ):
        assert f"\n{line}" in f"{text}\n"
    assert "shop a, b, c, d, e and 2 more: 70 rows of version 1" in text
    assert "due MISSED at 2026-11-24T07:00:00Z; next 2026-11-24T09:00:00Z; a run takes 10m" in text


def test_many_sets(capsys: pytest.CaptureFixture[str]) -> None:
    """A row each; a column that no set needs is left out, and what they need stands last."""
    hold = Waiting("held", "ann", "production is held", "estimates promote")
    show_statuses([status("quiet", production=production()), status("bad", "held", waiting=[hold])])
    header, *rows = capsys.readouterr().out.rstrip("\n").splitlines()
    assert header.split("  ")[-1].strip() == "needs"
    assert "carried over" not in header
    assert [row.split()[0] for row in rows if row.strip(" ─-")] == ["bad", "quiet"]
    assert rows[-1].endswith("nothing")
    assert "production is held" in "".join(rows)
    assert "held; production" not in "".join(rows)
