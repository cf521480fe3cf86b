"""What two contracts differ in, and which estimates stand still."""

from __future__ import annotations

from estimates.contract.contract_file import parse_contract
from estimates.stability.contract_changes import schema_changes
from estimates.stability.diff import diff
from estimates.stability.family_reports import SchemaChange, SchemaReport
from tests.stability.one_column import contract, frame

OLD = """
name = "s"
[key.shop]
type = "string"
[key.week]
type = "date"
[columns.sales]
unit = "pieces"
[columns.lower]
role = "lower"
level = 0.8
[columns.upper]
role = "upper"
level = 0.8
[columns.q10]
role = "quantile"
quantile = 0.1
[columns.q90]
role = "quantile"
quantile = 0.9
"""


def test_the_same_contract_has_no_changes() -> None:
    """Two contracts of one shape differ in nothing, whatever the order of their columns."""
    swapped = OLD.replace("q10", "x").replace("q90", "q10").replace("x", "q90")
    swapped = swapped.replace("quantile = 0.1", "quantile = 0.Y").replace(
        "quantile = 0.9", "quantile = 0.1"
    )
    swapped = swapped.replace("0.Y", "0.9")
    assert schema_changes(parse_contract(OLD), parse_contract(swapped)) == SchemaReport([], [], [])


def test_what_changed_is_named() -> None:
    """Columns that came and went, other types, units, levels and grids: each once, as text."""
    new = (
        OLD.replace("[key.week]\ntype", "[key.day]\ntype")
        .replace("pieces", "crates")
        .replace("0.8", "0.9")
    )
    new = new.replace("quantile = 0.1", "quantile = 0.05") + '[columns.urgency]\nrole = "score"\n'
    changes = schema_changes(parse_contract(OLD), parse_contract(new))
    assert (changes.added, changes.removed) == (["day", "urgency"], ["week"])
    assert changes.changed == [
        SchemaChange("lower", "level", "0.8", "0.9"),
        SchemaChange("q10", "quantile", "0.1", "0.05"),
        SchemaChange("sales", "unit", "pieces", "crates"),
        SchemaChange("upper", "level", "0.8", "0.9"),
        SchemaChange("sales", "levels", "0.8", "0.9"),
        SchemaChange("sales", "quantile_grid", "0.1, 0.9", "0.05, 0.9"),
    ]


def test_the_order_and_type_of_the_key() -> None:
    """Key columns are compared in their order, and a key column that became an estimate is a change
    of its role.
    """
    keys = '[key.a]\ntype = "string"\n[key.b]\ntype = "string"\n'
    old = parse_contract(f'name = "s"\n{keys}[columns.value]\n')
    new = parse_contract(
        'name = "s"\n[key.b]\ntype = "integer"\n[columns.value]\n[columns.a]\nrole = "label"\n'
    )
    assert schema_changes(old, new).changed == [
        SchemaChange("a", "key", "1", None),
        SchemaChange("a", "role", None, "label"),
        SchemaChange("b", "key", "2", "1"),
        SchemaChange("b", "type", "string", "integer"),
    ]


def test_a_report_carries_the_changes() -> None:
    """Two tables with a contract each are compared by what they share, and the report says what
    they do not.
    """
    changes = schema_changes(contract(), contract('unit = "kg"'))
    assert diff(frame([1.0]), frame([2.0]), contract(), schema=changes).schema == changes
    assert diff(frame([1.0]), frame([2.0]), contract()).schema is None
