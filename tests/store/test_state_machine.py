"""A Hypothesis state machine beside a plain model of the store; the model knows nothing of how the
store works.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from estimates.store.store import Store
from tests.builders import make_store
from tests.conftest import PostgreSQL
from tests.examples import examples
from tests.s3_server import S3Server
from tests.store.store_machine import StoreMachine


def _run(
    new_store: Callable[[Path], tuple[Store, Callable[[], Store]]], count: int, steps: int
) -> None:
    """Run the machine, each example in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="machine"))
    numbers = itertools.count()
    profile = settings(examples(count), stateful_step_count=steps, report_multiple_bugs=False)
    try:
        run_state_machine_as_test(
            lambda: StoreMachine(lambda: new_store(folder / str(next(numbers)))), settings=profile
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_store_agrees_with_the_model_on_sqlite() -> None:
    """Any sequence of operations has the outcome that the model predicts, on SQLite."""

    def new(root: Path) -> tuple[Store, Callable[[], Store]]:
        return make_store(root), lambda: Store(root, actor="ann")

    _run(new, count=3, steps=30)


def test_store_agrees_with_the_model_on_postgresql(postgresql: PostgreSQL) -> None:
    """Any sequence of operations has the outcome that the model predicts, on PostgreSQL."""

    def new(root: Path) -> tuple[Store, Callable[[], Store]]:
        url = databases.enter_context(postgresql.database())
        return make_store(root, url), lambda: Store(root, catalog=url, actor="ann")

    with ExitStack() as databases:
        _run(new, count=1, steps=25)


@pytest.mark.stack
@pytest.mark.parametrize("server", ["s3", "ceph"])
def test_store_agrees_with_the_model_in_a_bucket(
    server: str,
    postgresql: PostgreSQL,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Any sequence of operations has the outcome that the model predicts, in a bucket of a real S3
    server.
    """
    running: S3Server = request.getfixturevalue(server)
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)

    def new(folder: Path) -> tuple[Store, Callable[[], Store]]:
        url = databases.enter_context(postgresql.database())
        root = f"s3://{running.bucket()}/store"
        made = make_store(root, url, cache=folder)
        return made, lambda: Store(root, catalog=url, cache=folder, actor="ann")

    with ExitStack() as databases:
        _run(new, count=3, steps=25)
