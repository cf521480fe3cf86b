"""On which line of a file a field is."""

from __future__ import annotations

from estimates.contract.toml_lines import line_numbers, line_of

TOML = """\
name = "a"

[key.k]  # a comment
type = "string"
[columns."x.y"]
unit = "USD"
min = 0
[[gate.exceptions]]
reason = "a"
[[gate.exceptions]]
reason = "b"
"""


def test_tables_and_fields_have_their_lines() -> None:
    """Counted from 1; quoted names are one step."""
    lines = line_numbers(TOML)
    assert lines[("name",)] == 1
    assert lines[("key", "k")] == 3
    assert lines[("key", "k", "type")] == 4
    assert lines[("columns", "x.y", "min")] == 7


def test_a_value_of_several_lines_hides_what_looks_like_a_field() -> None:
    """And a list of tables begins where the first of them does."""
    lines = line_numbers('a = """\nb = 1\n"""\nc = [\n  1,\n]\n[[t]]\nx = 1\n[[t]]\ny = 1\n')
    assert lines == {("a",): 1, ("c",): 4, ("t",): 7, ("t", "x"): 8, ("t", "y"): 10}
    assert line_numbers("") == {}


def test_a_field_that_is_not_there_has_the_line_of_its_table() -> None:
    """The nearest one around it."""
    lines = line_numbers(TOML)
    assert line_of(("key", "k", "target"), lines) == 3
    assert line_of(("columns", "x.y", "min"), lines) == 7
    assert line_of(("domain",), lines) is None
