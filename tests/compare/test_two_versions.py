"""Two versions of a set: how they are resolved, what their results are cached by, cursors."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.compare.queries import ChangeQuery, DiffQuery
from estimates.errors import InvalidError
from estimates.store.store import Store
from tests.builders import SET, define, make_store, promoted


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three versions, the last in production."""
    store = make_store(tmp_path_factory.mktemp("versions") / "store")
    define(store)
    for day, level in enumerate((100.0, 101.0, 102.0)):
        promoted(store, f"run-{day}", level, day=day)
    return store


def test_a_pair_is_named_by_refs(store: Store) -> None:
    """Production is the second version where none is named; a moment counts for names alone."""
    comparison = store.compare(SET, DiffQuery(1))
    assert comparison.names == (1, 3)
    before = store.view().set(SET).versions[1].published_at
    assert store.compare(SET, DiffQuery(2, as_of=store.view().moment)).names == (2, 3)
    with pytest.raises(InvalidError) as caught:
        store.compare(SET, DiffQuery(1, 2, as_of=before))
    assert caught.value.code == "as_of_with_number"


def test_results_are_cached_by_all_they_depend_on(store: Store) -> None:
    """Versions, pairing and form each make another name; the same pair has the same one."""
    queries = [DiffQuery(1, 2), DiffQuery(2, 1), DiffQuery(1, 3), DiffQuery(1, 2, None, "same_key")]
    names = [store.compare(SET, query).cache_name() for query in queries]
    pair = store.compare(SET, DiffQuery(1, "2"))
    names += [pair.cache_name("headline"), pair.cache_name("page")]
    assert pair.cache_name() == names[0]
    assert len({*names}) >= 5
    assert pair.cached_report(store.reports) == pair.report()


def test_a_cursor_goes_on_with_its_own_pair(store: Store) -> None:
    """Pages follow each other to the end; other versions or another order refuse a cursor."""
    query = DiffQuery(1, 2)
    comparison = store.compare(SET, query)
    changes = comparison.completed(ChangeQuery())
    rows = comparison.changes(changes)
    page = comparison.page(changes, rows, limit=1, cursor=None)
    seen = [page.body["changes"]]
    while page.cursor is not None:
        last = page.cursor
        page = comparison.page(changes, rows, limit=1, cursor=last)
        seen.append(page.body["changes"])
    assert (len(seen), page.total) == (rows.height, rows.height)
    assert store.compare(SET, DiffQuery("production", "production"), last).names == (1, 2)
    with pytest.raises(InvalidError) as caught:
        store.compare(SET, DiffQuery(1, 3), last)
    assert caught.value.code == "bad_cursor"
    other_order = comparison.completed(ChangeQuery(by="value.r"))
    with pytest.raises(InvalidError) as caught:
        comparison.page(other_order, rows, limit=1, cursor=last)
    assert caught.value.code == "bad_cursor"


def test_no_row_is_read_before_it_is_needed(tmp_path: Path) -> None:
    """Resolving reads no file; a version beside itself is reported without reading it."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "run-0")
    (tmp_path / "store" / "sets").rename(tmp_path / "gone")
    assert store.compare(SET, DiffQuery(1, 1)).rows == 2 * store.view().set(SET).versions[0].rows
