"""All that is wrong with a contract's file, at once and by line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.contract.toml_lines import line_numbers, line_of
from estimates.errors import InvalidError
from estimates.gate.policy_validation import validate_policy

WRONG = '''nam = "churn"
owner = 3
timezone = "Mars/Base"

[key.customer_id]
type = "strin"

[columns.score]
rolle = "point"
min = 1
max = 0

[columns.lower]
role = "lower"
labels = ["a"]

[columns."p 1"]
role = "pont"
min = nan

[gate.custom.mine]
sql = """
SELECT 1
warn = 3
"""
warn = "a"

[domain]
kind = "opn"
'''


def refusal(source: str) -> InvalidError:
    """The error of a contract that is refused."""
    with pytest.raises(InvalidError) as caught:
        parse_contract(source, "c.toml")
    assert caught.value.code == "bad_contract"
    return caught.value


def test_every_fault_has_its_line() -> None:
    """Unknown fields, wrong types and choices, broken rules: all at once, in the order of lines."""
    error = refusal(WRONG)
    title, *lines = error.message.split("\n")
    assert title == f"c.toml has {len(lines)} faults"
    assert [line.split(";")[0] for line in lines] == [
        "c.toml: top level: missing required field `name`",
        "c.toml:1: top level: unknown field `nam` (did you mean 'name'?)",
        "c.toml:2: owner: Expected `str`, got `int`",
        "c.toml:3: top level: timezone: 'Mars/Base' is no time zone",
        "c.toml:6: key.customer_id.type: 'strin' is none of the choices (did you mean 'string'?)",
        "c.toml:8: columns.score: bounds must satisfy min <= soft_min <= soft_max <= max",
        "c.toml:9: columns.score: unknown field `rolle` (did you mean 'role'?)",
        "c.toml:13: columns.lower: role 'lower' needs 'level'",
        "c.toml:13: columns.lower: 'labels' has no meaning for role 'lower'",
        "c.toml:18: columns.p 1.role: 'pont' is none of the choices (did you mean 'point'?)",
        "c.toml:19: columns.p 1.min: NaN and infinities say nothing",
        "c.toml:26: gate.custom.mine.warn: Expected `float | null`, got `str`",
        "c.toml:29: domain.kind: 'opn' is none of the choices (did you mean 'open'?)",
    ]
    faults: Any = error.details["faults"]
    assert [fault["line"] for fault in faults][:4] == [None, 1, 2, 3]
    assert faults[4]["path"] == ["key", "customer_id", "type"]


def test_one_fault_is_one_line() -> None:
    """A single fault has no title above it; a rule about several tables has the line of its own."""
    source = 'name = "a"\n[key.k]\ntype = "date"\n[columns.v]\n[stability]\ngroups = ["xyz"]\n'
    assert refusal(source).message == (
        "c.toml:6: top level: stability.groups names 'xyz', which is no column of the contract"
    )


def test_a_policy_has_lines_too() -> None:
    """Checks that are not there and limits that cannot be followed are named together."""
    source = """name = "a"
[key.k]
type = "date"
[columns.v]
[gate.checks.remove_keys]
warn = 0.1
[gate.checks.p95_change]
warn = 0.3
block = 0.2
"""
    with pytest.raises(InvalidError) as caught:
        validate_policy(parse_contract(source), source, "c.toml")
    _, unknown, beyond = caught.value.message.split("\n")
    assert unknown.startswith(
        "c.toml:5: gate.checks.remove_keys: no such check (did you mean 'removed_keys'?); allowed: "
    )
    assert beyond.startswith("c.toml:7: gate.checks.p95_change: warn = 0.3 lies beyond block = 0.2")


@given(st.text(alphabet="ab.=\"[]#\n '3", max_size=60))
def test_lines_of_any_text(text: str) -> None:
    """Numbers are given for whatever text, and lie within it."""
    numbers = line_numbers(text)
    assert all(1 <= number <= text.count("\n") + 1 for number in numbers.values())


def test_the_nearest_table_around() -> None:
    """A field inside an inline table has the line of what begins on a line."""
    numbers = line_numbers('[a."b.c"]\nx = { y = 1 }\nd.e = [\n 1,\n]\nz = 1\n')
    assert line_of(("a", "b.c", "x", "y"), numbers) == 2
    assert line_of(("a", "b.c", "d", "e", "0"), numbers) == 3
    assert line_of(("a", "b.c", "z"), numbers) == 6
    assert line_of(("q",), numbers) is None


def test_a_contract_in_python_names_each_problem() -> None:
    """A contract made in Python has all its problems in one ValueError."""
    with pytest.raises(ValueError, match=r"(?s)no time zone.*name 'A b' must be") as caught:
        Contract("A b", {}, {}, timezone="x")
    assert "at least one key column" in str(caught.value)
