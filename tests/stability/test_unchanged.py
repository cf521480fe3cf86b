"""Two versions of one snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.compare.queries import DiffQuery
from estimates.contract.contract_file import parse_contract
from estimates.errors import CorruptError
from estimates.stability.diff import diff
from estimates.stability.pages.report_text import render_text
from tests.builders import SET, define, frame, make_store, parquet_of, provenance, publish, source

PLAIN = source("plain").replace('type = "date"\ntarget = true', 'type = "date"')


def test_a_snapshot_is_compared_with_itself_without_reading_it(tmp_path: Path) -> None:
    """The report says what is known of equal content, as the diff of the frames does, when no file
    is left.
    """
    store = make_store(tmp_path)
    store.define(parse_contract(PLAIN), PLAIN)
    versions = [store.publish("plain", frame(), provenance(f"run-{day}", day)) for day in (1, 2)]
    assert versions[0].snapshot_id == versions[1].snapshot_id
    plain = store["plain"]
    whole = diff(plain.frame(1), plain.frame(2), plain.contract, name_a=1, name_b=2)
    (tmp_path / parquet_of(store, versions[0])).unlink()
    report = store["plain"].diff(1, 2)
    assert (report.identical, report.headline, report.keys) == (True, whole.headline, whole.keys)
    assert (report.from_, report.to, report.columns, report.intervals) == (1, 2, {}, [])
    assert report.headline in render_text(report)
    assert store.compare("plain", DiffQuery(1, 2)).report(headline_only=True).headline_only


def test_elapsed_keys_are_read_from_the_snapshot(tmp_path: Path) -> None:
    """With a dated target, the rows say what elapsed between two versions of one snapshot."""
    store = make_store(tmp_path)
    define(store)
    first, second = (publish(store, f"run-{day}", day=day) for day in (1, 154))
    assert first.snapshot_id == second.snapshot_id
    report = store[SET].diff(1, 2)
    assert (report.identical, report.keys.common, report.keys.elapsed) == (True, 3, 3)
    (tmp_path / parquet_of(store, first)).unlink()
    with pytest.raises(CorruptError, match="is missing"):
        store.compare(SET, DiffQuery(1, 2)).report()
