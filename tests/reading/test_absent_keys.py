"""Why many keys have no row, column by column: as asking for each of them says, in sets with every
kind of domain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from estimates.catalog.records import Provenance, Version
from estimates.contract.contract_file import parse_contract
from estimates.reading import absent_keys
from estimates.reading.absent_keys import AbsentKeys
from estimates.store.store import Store
from tests.builders import make_store

FIRST = date(2026, 11, 2)
SHOPS = [f"s{number}" for number in range(6)]
DAYS = [FIRST + timedelta(day) for day in range(-2, 9)]
ROLLING = 'kind = "rolling"\nsteps = 3\ncalendar = "daily"\nvalues.shop = ["s0", "s1", "s2"]'
DOMAINS = {
    "open": 'kind = "open"',
    "product": 'kind = "product"\nvalues.shop = ["s0", "s1"]\nvalues.day = ["2026-11-03", '
    '"2026-11-05"]',
    "rolling": ROLLING,
    "file": 'kind = "file"\nfile = "keys.csv"',
}
KEY = '[key.shop]\ntype = "string"\n[key.day]\ntype = "date"\ntarget = true\n[columns.value]\n'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A set for each domain: four versions in production, of other shops and days each."""
    store = make_store(tmp_path_factory.mktemp("absent") / "store")
    off = (
        "domain_missing",
        "domain_outside",
        "removed_keys",
        "added_keys",
        "unchanged",
        "constant_column",
    )
    for name, domain in DOMAINS.items():
        loose = "".join(f'[gate.checks.{check}]\noff = "test"\n' for check in off)
        source = f'name = "{name}"\n{KEY}[domain]\n{domain}\n{loose}'
        listed = (
            pl.DataFrame({"shop": ["s4", "s5"], "day": [DAYS[3], DAYS[4]]})
            if name == "file"
            else None
        )
        store.define(parse_contract(source), source, listed)
        for day in range(4):
            targets = [FIRST + timedelta(day + step) for step in (1, 2, 3)]
            rows = [
                (shop, target, 1.0 + day + i)
                for i, shop in enumerate(SHOPS[day : day + 2])
                for target in targets
            ]
            frame = pl.DataFrame(rows, schema=["shop", "day", "value"], orient="row")
            through = datetime(FIRST.year, FIRST.month, FIRST.day, 12, tzinfo=UTC) + timedelta(day)
            run = Provenance(through, f"{name} {day}", targets=tuple(map(str, targets)))
            version = store.publish(name, frame, run)
            verdict = store.judge(name, version.version)
            assert not verdict.blocks, [check.name for check in verdict.failing()]
            store.promote(name, version.version, reason="test")
    yield store
    store.catalog.engine.dispose()


@pytest.mark.parametrize("name", DOMAINS)
def test_as_asking_for_each(store: Store, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elapsed, removed, without an estimate, outside: the same for a whole frame as key by key, in
    every version.
    """
    monkeypatch.setattr(absent_keys, "FEW", 0)
    monkeypatch.setattr(absent_keys, "LOOK_BACK", 2)
    monkeypatch.setattr("estimates.reading.version_reader.LOOK_BACK", 2)
    keys = pl.DataFrame(
        [(s, d) for s in [*SHOPS, "zz"] for d in DAYS], schema=["shop", "day"], orient="row"
    )
    reader, met = store.reader(), set[str]()
    search = AbsentKeys(reader, keys, store.columns)
    for version in store[name].versions():
        absent = keys.join(
            store.frame(version), on=["shop", "day"], how="anti", maintain_order="left"
        )
        results = store[name].get_many(absent.rows(), ref=version.version).body["results"]
        statuses = search.statuses(version, absent).to_list()
        assert statuses == [result["status"] for result in results]
        met |= set(statuses)
    expected = {"removed", "outside_domain"} | ({"no_estimate"} if name != "open" else set())
    assert met == expected | ({"elapsed"} if name == "rolling" else set())


def test_versions_before_are_read_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each version that production held before, the keys alone, and not again for the next
    version.
    """
    monkeypatch.setattr(absent_keys, "FEW", 0)
    read: list[tuple[int, list[str]]] = []
    keys = pl.DataFrame({"shop": ["zz"], "day": [FIRST]})

    def columns(version: Version, names: Sequence[str], where: pl.Expr | None) -> pl.DataFrame:
        read.append((version.version, list(names)))
        return store.columns(version, names, where)

    search = AbsentKeys(store.reader(), keys, columns)
    for version in store["open"].versions():
        search.statuses(version, keys)
    assert read == [(number, ["shop", "day"]) for number in (1, 2, 3)]
