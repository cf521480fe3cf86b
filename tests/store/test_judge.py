"""The report that the gate measured is the one that a diff with the baseline gives."""

from __future__ import annotations

import msgspec
import pytest

from estimates.compare.queries import DiffQuery
from estimates.contract.contract_file import parse_contract
from estimates.store.store import Store
from tests.builders import frame, provenance, source


@pytest.fixture
def judged(local_store: Store) -> Store:
    """Two versions, the first in production, the second judged against it."""

    text = source("closes")
    local_store.define(parse_contract(text), text)
    for day, level in ((1, 100.0), (2, 101.0)):
        version = local_store.publish("closes", frame(level), provenance(f"r{day}", day))
        local_store.judge("closes", version.version)
        if day == 1:
            local_store.promote("closes", 1, reason="first")
    return local_store


def test_a_diff_finds_the_report_of_the_gate(judged: Store) -> None:
    """The first diff after a judgement computes nothing, and says what a computed one says."""
    comparison = judged.compare("closes", DiffQuery(1, 2))
    kept = judged.reports.get(comparison.cache_name())
    assert kept == msgspec.msgpack.encode(comparison.report())


def test_nothing_is_kept_without_a_baseline(local_store: Store, judged: Store) -> None:
    """A first version has nothing to be compared with: only one report is in the cache."""
    assert judged.resolve("closes", 1).version == 1
    files = [file for file in judged.reports.folder.iterdir() if file.suffix != ".lock"]
    assert len(files) == 1
