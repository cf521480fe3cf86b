"""`estimates diff SET --against`: what replaces a set says the same, or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from estimates.store.store import Store
from tests.api.served import serving
from tests.builders import SET, define, frame, make_store, promoted
from tests.jobs.cli.calls import Called, call

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    """An old and a new store, whose first versions have the same content; the new one has a second
    version, which nobody promoted.
    """
    folder = tmp_path_factory.mktemp("stores")
    both = (make_store(folder / "old"), make_store(folder / "new"))
    for store in both:
        define(store)
        promoted(store, "one", 100.0)
    yield both
    for store in both:
        store.catalog.engine.dispose()


def against(stores: tuple[Store, Store], *words: object) -> Called:
    """Compare the new store with something."""
    return call("diff", SET, *words, "--store", stores[1].root)


def test_two_services_agree(stores: tuple[Store, Store]) -> None:
    """Production of one against production of the other, whichever way they are reached."""
    with serving(Path(stores[0].root)) as old:
        called = against(stores, "--against", old)
        assert called.code == 0, called.err
        assert called.text.endswith("agrees: 6 keys, and no value differs\n")
        changed = frame(100.0)
        file = Path(stores[1].root).parent / "changed.parquet"
        changed[1:].write_parquet(file)
        called = against(stores, file, "--against", old, "--format", "json")
        assert (called.code, called.json["agreement"]["extra"]) == (1, 1)
        called = call("diff", SET, "--against", stores_file(stores, 100.0), "--store", old)
        assert called.code == 0, called.err


def stores_file(stores: tuple[Store, Store], level: float) -> Path:
    """A table as a file."""
    file = Path(stores[1].root).parent / f"{level}.parquet"
    frame(level).write_parquet(file)
    return file


def test_a_table_agrees_up_to_a_tolerance(stores: tuple[Store, Store]) -> None:
    """A file, or what SQL answers; a difference in the last digits is none, and more is where
    --rtol or --atol say so.
    """
    near, far = stores_file(stores, 100.0 * (1 + 1e-12)), stores_file(stores, 101.0)
    assert against(stores, "--against", near).code == 0
    called = against(stores, 1, "--against", far)
    assert called.code == 1
    assert called.text.endswith("does not agree: 6 of 6 keys differ\n")
    assert against(stores, "--against", f"select * from '{far}'", "--rtol", 0.05).code == 0
    assert against(stores, "--against", far, "--changes").text.count("→") >= 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--against", "nowhere.csv"), "no_file"),
        (("--against", "select 1 as one"), "columns"),
        (("--against", "select nothing from nowhere"), "bad_input"),
        (("--against", "x.csv", "--key", "ticker"), "usage"),
        (("AAPL", "x", "--against", "x.csv"), "usage"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    stores: tuple[Store, Store], words: tuple[str, ...], code: str
) -> None:
    """As another file or service would be."""
    called = against(stores, *words, "--format", "json")
    assert (called.code, called.error["code"]) == (2, code)
