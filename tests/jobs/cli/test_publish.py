"""`estimates publish`: whole versions, and versions out of changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates.store.store import Store
from tests.builders import make_store
from tests.jobs.cli.calls import call
from tests.jobs.cli.churn_files import CONTRACT, OLD

CHANGED = """customer_id,segment,score,score_lower_90,score_upper_90
02,b,0.26,0.2,0.3
05,b,0.5,0.4,0.6
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with one version of churn scores in production, and the files beside it."""
    files = {"old.csv": OLD, "changed.csv": CHANGED, "gone.csv": "customer_id,why\n04,moved\n"}
    for name, content in {"churn.toml": CONTRACT, **files}.items():
        (tmp_path / name).write_text(content)
    root = tmp_path / "store"
    make_store(root).catalog.engine.dispose()
    assert call("define", tmp_path / "churn.toml", "--store", root).code == 0
    published(root, "old.csv")
    assert call("promote", "churn", "1", "--reason", "first", "--store", root).code in (0, 1)
    return root


def published(root: Path, file: str, *more: object) -> int:
    """Publish a file of the folder; gives the number of the version."""
    path = root.parent / file
    called = call("publish", "churn", path, *more, "--store", root, "--format", "json")
    assert called.code in (0, 1), called.err  # of so few rows the gate may refuse some
    return called.json["version"]


def test_changes_make_a_whole_version(root: Path) -> None:
    """Rows of the file take the place of production's or are added, and the keys to remove go."""
    number = published(root, "changed.csv", "--changes", "--remove", root.parent / "gone.csv")
    scores = Store(root)["churn"].frame(number)
    assert scores.select("customer_id", "score").rows() == [
        ("01", 0.5),
        ("02", 0.26),
        ("03", 0.75),
        ("05", 0.5),
    ]


def test_a_run_repeated_gives_its_version(root: Path) -> None:
    """The same run_id again is the version it made."""
    first, again = (
        published(root, "changed.csv", "--changes", "--run-id", "monday") for _ in range(2)
    )
    assert first == again == 2


def test_options_of_changes_need_changes(root: Path) -> None:
    """--remove and --against say nothing about a whole version, and are refused."""
    file = root.parent / "old.csv"
    called = call("publish", "churn", file, "--against", "1", "--store", root)
    assert called.code == 2
    assert "--changes" in called.err


def test_keys_that_are_not_there_cannot_go(root: Path) -> None:
    """A key to remove that the version lacks is named, and nothing is published."""
    (root.parent / "gone.csv").write_text("customer_id\n77\n")
    words = ("--changes", "--remove", root.parent / "gone.csv", "--store", root)
    called = call("publish", "churn", root.parent / "changed.csv", *words, "--format", "json")
    assert (called.code, called.error["code"]) == (2, "unknown_keys")
    assert "77" in called.error["message"]
    assert len(Store(root)["churn"].versions()) == 1
