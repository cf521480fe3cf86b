"""Where a version comes from and who reads it, as a graph."""

from __future__ import annotations

from estimates.catalog.records import InputDigest
from estimates.catalog.sets_read import ReadBy
from estimates_api.desk.lineage import lineage
from tests.api.desk.versions import version

_FILE = InputDigest("prices", "prices.csv", "0" * 64, 5)
_SET = InputDigest("news", "set:news", "1" * 64, version="4", set="news")


def test_columns_from_left_to_right() -> None:
    """Inputs, the run, the version, and the sets that read this version of it."""
    readers = [ReadBy("blend", 7, 1), ReadBy("other", 8, 2)]
    drawn = lineage(version(inputs=[_FILE, _SET], seed=None), readers)
    assert [(box.kind, box.title, box.path) for box in drawn.boxes] == [
        ("input", "prices", ""),
        ("set", "news", "/sets/news/versions/4"),
        ("run", "r", ""),
        ("here", "version 1", ""),
        ("set", "blend", "/sets/blend/versions/7"),
    ]
    assert len({box.x for box in drawn.boxes}) == 4
    assert len(drawn.edges) == 4
    assert drawn.more == 0


def test_a_version_of_a_table() -> None:
    """Two columns, the job's place says what it was made of."""
    drawn = lineage(version(), [])
    assert [box.words for box in drawn.boxes] == ["published from a table", "s"]
    assert len(drawn.edges) == 1


def test_many_inputs_are_counted() -> None:
    """A dozen are drawn, one below the other."""
    inputs = [InputDigest(f"i{n}", "x" * 99, "0" * 64) for n in range(15)]
    drawn = lineage(version(inputs=inputs), [])
    own = [box for box in drawn.boxes if box.kind == "input"]
    assert (len(own), drawn.more) == (12, 3)
    assert [box.y for box in own] == sorted({box.y for box in own})
    assert own[-1].y + 44 < drawn.height
    assert all(len(box.words) <= 25 for box in own)
