"""After each refusal the verdict names a way on, and who goes it gets on."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from estimates.catalog.records import Waiver
from estimates.contract.contract_file import parse_contract
from estimates.contract.gate_policy import Profile
from estimates.errors import GateError
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import Verdict
from estimates.gate.way_forward import WayForward, way_forward, way_lines
from estimates.store.store import Store
from tests.builders import make_store, provenance
from tests.gate.cases import JUDGED, clean_verdict

SET = "weekly"
CONTRACT = """
name = "weekly"
[key.place]
type = "string"
[key.week]
type = "integer"
[columns.value]
min = 0
max = 100000
[columns.mean]
role = "score"
"""
PROFILES: tuple[Profile, ...] = ("default", "strict", "volatile", "categories", "exploratory")


def refused(name: str, **more: object) -> Verdict:
    """A verdict in which one check fails."""
    verdict = clean_verdict()
    checks = [
        c if c.name != name else type(c)(c.number, c.name, c.stage, c.title, "fail", value=1.0)
        for c in verdict.checks
    ]
    fields = {field: getattr(verdict, field) for field in verdict.__struct_fields__}
    return Verdict(**(fields | {"checks": checks, "blocks": True, "outcome": "fail"} | more))


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_every_check_has_a_way_on(name: str) -> None:
    """What may be waived is, what may not asks for another version, and a bad waiver goes."""
    bad = Waiver(7, "simple", 2, "other", "gone", None, "why", "tester", JUDGED, JUDGED)
    verdict = refused(name, in_force=[bad] if name == "waivers" else [])
    way = way_forward(verdict)
    if name == "waivers":
        assert way == WayForward(unwaive=(7,))
    elif next(check for check in CHECKS if check.name == name).waivable:
        assert way == WayForward(waive=(name,))
    else:
        assert way == WayForward(mend=(name,))
    assert way_lines(verdict)[0].startswith("way on")


def test_a_verdict_that_passes_needs_none() -> None:
    """There is nothing to say."""
    assert way_lines(clean_verdict()) == []


def rows(level: float = 1.0, weeks: int = 0, places: int = 60) -> pl.DataFrame:
    """A value and a mean of each place and week, in no order."""
    numbers = [level * (100 + (i * 7919) % 601) for i in range(places)]
    return pl.DataFrame(
        {
            "place": [f"p{i:02}" for i in range(places)],
            "week": [weeks] * places,
            "value": numbers,
            "mean": [number / 3 for number in numbers],
        }
    )


@dataclass
class Faulty:
    """Content that is refused by some policies, and right all the same."""

    name: str
    frame: pl.DataFrame


FAULTS = [
    Faulty("other keys", rows(weeks=9)),
    Faulty("ten times", rows(10.0)),
    Faulty("half", rows(places=30)),
    Faulty("one value", rows().with_columns(value=1.0, mean=2.0)),
]
CUSTOM = '[gate.custom.never]\nsql = "SELECT 1 / 0 + count(*) FROM candidate"\nblock = -1\n'
POLICIES = [f'[gate]\nprofile = "{profile}"\n' for profile in PROFILES] + [
    '[gate]\n[gate.checks.comparable]\nseverity = "warn"\n',
    '[gate]\n[gate.checks.comparable]\nseverity = "report"\n',
    '[gate]\n[gate.checks.comparable]\noff = "keys change each week"\n',
    f"[gate]\n{CUSTOM}",
    "[gate]\n"
    + "".join(
        f'[gate.checks.{check.name}]\nseverity = "block"\n'
        for check in CHECKS
        if check.waivable and check.field is None and check.name != "null_share"
    ),
]


@pytest.fixture(scope="module", params=range(len(POLICIES)))
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A set under a policy, with a version in production."""
    made = make_store(tmp_path_factory.mktemp("way") / "store")
    text = CONTRACT + POLICIES[request.param]
    made.define(parse_contract(text), text)
    first = made.publish(SET, rows(), provenance("first"))
    follow(made, first.version, made.judge(SET, first.version))
    return made


def follow(store: Store, version: int, verdict: Verdict) -> None:
    """Do what the verdict says, word for word, and promote."""
    way = way_forward(verdict)
    assert not way.mend
    words = [shlex.split(line) for line in way_lines(verdict)[1:]]
    assert [line[1] for line in words] == (["waive", "promote"] if words else [])
    for check in way.waive:
        assert check in words[0]
        store.waive(SET, check, version, reason="it is right", until="2099-01-01")
    store.promote(SET, version, reason="it is right")


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_no_policy_stops_a_set(store: Store, fault: Faulty) -> None:
    """Whatever a policy refuses: one round of the way on, and production moves."""
    number = len(store[SET].versions())
    version = store.publish(SET, fault.frame, provenance(f"{fault.name}-{number}", number)).version
    verdict = store.judge(SET, version)
    if verdict.blocks:
        with pytest.raises(GateError):
            store.promote(SET, version, reason="without")
    follow(store, version, verdict)
    assert store.view().resolve(SET).version == version


def test_what_cannot_be_waived_asks_for_another_version(tmp_path: Path) -> None:
    """Nothing at all is refused for good; the next whole version passes."""
    made = make_store(tmp_path / "store")
    made.define(parse_contract(CONTRACT), CONTRACT)
    empty = made.publish(SET, rows().clear(), provenance("empty")).version
    verdict = made.judge(SET, empty)
    assert way_forward(verdict) == WayForward(mend=("not_empty",))
    whole = made.publish(SET, rows(), provenance("whole", 1)).version
    follow(made, whole, made.judge(SET, whole))
