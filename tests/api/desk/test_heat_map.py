"""The revision triangle as a heat map."""

from __future__ import annotations

from estimates_api.desk.heat_map import ROWS, VERSIONS, heat_map
from estimates_api.http.bodies import TriangleBody


def triangle(versions: list[int], rows: list[list[str | float | None]]) -> TriangleBody:
    """A triangle across versions, of keys of one part."""
    columns = ["day", *(f"v{version}" for version in versions)]
    return TriangleBody("s", "value", None, [], versions, len(rows), [], None, [], columns, rows)


def test_cells_say_how_a_version_changed_what_was_said() -> None:
    """The first has no change; a tenth has the full colour; the same value is no change."""
    drawn = heat_map(triangle([1, 2, 3, 4], [["a", 100.0, 101.0, 101.0, 50.0]]))
    assert drawn is not None
    cells = drawn.rows[0].cells
    assert [(cell.kind, cell.strength) for cell in cells] == [
        *(("first", 0.25), ("up", 0.23), ("same", 0.15), ("down", 1.0)),
    ]
    assert cells[1].words == "version 2: 101, before 100"


def test_versions_that_say_nothing_have_no_cell() -> None:
    """Those before the first number are left out, a gap stays empty and changes nothing."""
    drawn = heat_map(triangle([1, 2, 3, 4], [["a", None, 10.0, None, 11.0]]))
    assert drawn is not None
    assert [cell.words for cell in drawn.rows[0].cells] == [
        *("version 2: 10", "version 4: 11, before 10"),
    ]
    assert drawn.rows[0].cells[0].x == min(x for x, _ in drawn.labels)
    assert heat_map(triangle([1, 2], [["a", None, None]])) is None


def test_a_large_triangle_is_cut() -> None:
    """To its newest versions and last rows; the change of the first cell is still known."""
    versions = list(range(1, VERSIONS + 11))
    rows = [[f"k{i}", *(float(v) for v in versions)] for i in range(ROWS + 3)]
    drawn = heat_map(triangle(versions, rows))
    assert drawn is not None
    assert (len(drawn.rows), drawn.more_rows) == (ROWS, 3)
    assert drawn.rows[-1].key == [f"k{ROWS + 2}"]
    first, *_, last = drawn.rows[0].cells
    assert (first.words, last.words) == ("version 11: 11, before 10", "version 50: 50, before 49")
    assert drawn.labels[-1][1] == 50
