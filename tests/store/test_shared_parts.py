"""Versions that share parts are judged and compared as if all rows were read."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.compare.queries import DiffQuery
from estimates.compare.shared_versions import SharedVersions, VersionRows
from estimates.contract.contract_file import parse_contract
from estimates.gate.offender_table import Offenders
from estimates.gate.verdict import render_json
from estimates.stability.report import Report
from estimates.storage import parts
from estimates.store.judge import judge
from estimates.store.partial_update import Changes
from estimates.store.store import Store
from tests.builders import make_store, provenance
from tests.examples import examples

SOURCE = """
name = "scores"
[key.customer]
type = "string"
[columns.score]
min = 0
max = 1000
nullable = true
[columns.count]
type = "integer"
role = "score"
soft_min = 0
soft_max = 400
[columns.note]
role = "attribute"
type = "string"
nullable = true
"""
SCHEMA = {"customer": pl.String, "score": pl.Float64, "count": pl.Int64, "note": pl.String}
KEYS = [f"c{number:04}" for number in range(400)]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with a set of some ten parts, none published yet."""
    monkeypatch.setattr(parts, "LEAST_ROWS", 20)
    monkeypatch.setattr(parts, "MOST_ROWS", 40)
    monkeypatch.setattr(parts, "ENDS_ONE_IN", 10)
    store = make_store(tmp_path / "store")
    store.define(parse_contract(SOURCE), SOURCE)
    return store


def rows_of(rows: dict[str, tuple]) -> pl.DataFrame:
    """A row a key."""
    return pl.DataFrame([(key, *row) for key, row in rows.items()], SCHEMA, orient="row")


def rows_before(number: int) -> tuple[float | None, int, None]:
    """A row of the first version: no score for a few, counts that repeat and leave their bounds."""
    score = None if number % 97 == 0 else 500 + 50 * math.sin(number)
    return score, number % 301 + 100, None


def without_times(body: bytes) -> dict:
    """A verdict but for the moment of the judgement."""
    return {**msgspec.json.decode(body), "judged_at": None}


def judged(store: Store, number: int) -> tuple[dict, pl.DataFrame, Report, bool]:
    """The verdict, every offender and the report of a version; and whether rows were left out."""
    offenders = Offenders()
    judgement = judge(store, store.resolve("scores", number), offenders=offenders)
    assert offenders.frame is not None
    assert judgement.report is not None
    verdict = without_times(render_json(judgement.verdict))
    return verdict, offenders.frame, judgement.report, judgement.shared is not None


@examples(8)
@given(data=st.data())
def test_a_version_is_judged_as_with_all_rows(store: Store, data: st.DataObject) -> None:
    """Whatever changes, verdict, evidence, offenders, report and headline are those of all rows."""
    rows = {key: rows_before(number) for number, key in enumerate(KEYS)}
    if not store["scores"].versions():
        store.publish("scores", rows_of(rows), provenance("first"))
        store.promote("scores", 1, reason="first")
    value = st.one_of(st.none(), st.floats(-1, 1100), st.sampled_from([rows[KEYS[7]][0], 500.0]))
    row = st.tuples(value, st.integers(-1, 600), st.sampled_from([None, "x"]))
    changed = data.draw(st.dictionaries(st.sampled_from(KEYS[:150]), row, max_size=12))
    added = data.draw(st.dictionaries(st.sampled_from(["c0000a", "c0100a", "d"]), row))
    removable = sorted(set(KEYS[:120]) - changed.keys())
    removed = data.draw(st.sets(st.sampled_from(removable), max_size=3))
    first = store.resolve("scores", 1)
    second = store.publish(
        "scores",
        rows_of({**changed, **added}),
        provenance(f"then {len(store['scores'].versions())}"),
        changes=Changes(1, pl.DataFrame({"customer": sorted(removed)}, {"customer": pl.String})),
    )
    sparing = judged(store, second.version)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VersionRows, "shared", lambda *_: None)
        whole = judged(store, second.version)
        comparison = store.compare("scores", DiffQuery(first.version, second.version))
        reports = [comparison.report(headline_only=only) for only in (False, True)]
    comparison = store.compare("scores", DiffQuery(first.version, second.version))
    assert sparing[3] or second.snapshot_id == first.snapshot_id
    assert sparing[0] == whole[0]
    assert sparing[1].equals(whole[1])
    encode = msgspec.msgpack.encode
    assert encode(sparing[2]) == encode(whole[2])
    again = [comparison.report(headline_only=only) for only in (False, True)]
    assert list(map(encode, again)) == list(map(encode, reports))


@pytest.mark.parametrize("digits", [0, 9])
def test_shared_parts_are_not_read(
    digits: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is known what is in them, a version is judged, promoted and compared by the parts
    that changed alone, also where numbers repeat; one that is gone is noticed.
    """
    rows = {
        key: (round(500 + number / 7, digits), number % 300, None)
        for number, key in enumerate(KEYS)
    }
    store.publish("scores", rows_of(rows), provenance("a"))
    store.promote("scores", 1, reason="first")
    for number in (2, 3):
        changed = {KEYS[100]: (501.03 + number, 3, None)}
        store.publish("scores", rows_of(changed), provenance(f"{number}"), changes=Changes(1))
    store.judge("scores", 2)
    read: list[str] = []
    monkeypatch.setattr(
        SharedVersions,
        "_frame",
        lambda self, part, read_frame=SharedVersions._frame: (
            read.append(part.sha256),
            read_frame(self, part),
        )[1],
    )
    store.promote("scores", 3, reason="second")
    store.compare("scores", DiffQuery(2, 3)).report()
    manifests = [store.manifests.get("scores", v.snapshot_id) for v in store["scores"].versions()]
    apart = {p.sha256 for m in manifests for p in m.parts} - set.intersection(
        *({p.sha256 for p in m.parts} for m in manifests)
    )
    assert read
    assert set(read) <= apart
    gone = next(p.sha256 for p in manifests[0].parts if p.sha256 not in apart)
    (Path(store.root) / f"sets/scores/parts/{gone}.parquet").unlink()
    assert store.judge("scores", 3).outcome == "fail"


def test_rows_that_agree_are_carried_from_version_to_version(store: Store) -> None:
    """Equal rows come, stay and go, each time in another part, and each verdict is that of all
    rows.
    """
    rows = {key: (500 + number / 7, 100 + number % 3, None) for number, key in enumerate(KEYS)}
    store.publish("scores", rows_of(rows), provenance("a"))
    store.promote("scores", 1, reason="first")
    other = (501.5, 101, None)
    chain = (
        {KEYS[20]: rows[KEYS[300]]},  # one of a part that both versions have
        {KEYS[120]: other, KEYS[121]: other},
        {KEYS[20]: (502.5, 101, None)},  # agrees with none any more
        {KEYS[220]: other, KEYS[120]: rows[KEYS[120]]},
    )
    agreeing = []
    for number, changed in enumerate(chain, 2):
        store.publish("scores", rows_of(changed), provenance(f"{number}"), changes=Changes())
        sparing = judged(store, number)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(VersionRows, "shared", lambda *_: None)
            whole = judged(store, number)
        assert sparing[3]
        assert sparing[0] == whole[0]
        assert sparing[1].equals(whole[1])
        (check,) = (c for c in sparing[0]["checks"] if c["name"] == "duplicate_content")
        agreeing.append(check["message"].partition(" ")[0])
        store.promote("scores", number, reason="next")
    assert agreeing == ["2", "4", "2", "2"]


def test_waived_keys_are_left_out(store: Store) -> None:
    """What needs all rows gets them: a waiver of the one key that breaks a rule, and the verdict
    is that of all rows.
    """
    rows = {key: (500 + number / 7, number % 300, None) for number, key in enumerate(KEYS)}
    store.publish("scores", rows_of(rows), provenance("a"))
    store.promote("scores", 1, reason="first")
    changed = {KEYS[100]: (1200.0, 3, None)}
    store.publish("scores", rows_of(changed), provenance("b"), changes=Changes(1))
    assert "hard_bounds" in [check.name for check in store.judge("scores", 2).failing()]
    keys = [(KEYS[100],)]
    store.waive("scores", "hard_bounds", 2, keys=keys, reason="known", until="2100-01-01")
    sparing = judged(store, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VersionRows, "shared", lambda *_: None)
        whole = judged(store, 2)
    assert sparing[3]
    assert sparing[0] == whole[0]
    assert "waived" in [check["status"] for check in sparing[0]["checks"]]
