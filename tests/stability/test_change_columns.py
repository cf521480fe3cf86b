"""The columns of a table of changes."""

from __future__ import annotations

from estimates.contract.contract_file import parse_contract
from estimates.stability.change_columns import change_columns, change_metrics
from tests.contract.contracts import ROLLING

CONTRACT = parse_contract(
    ROLLING.replace("[domain]", '[columns.note]\nrole = "attribute"\ntype = "string"\n[domain]')
)


def test_what_each_column_tells_of() -> None:
    """Old and new value of every column, metrics of numbers, those of an interval at its point."""
    columns = change_columns(CONTRACT)
    assert [name for name in columns if name.startswith("value.")] == [
        *("value.a", "value.b", "value.d", "value.plain", "value.r", "value.g", "value.material"),
        *("value.z_80", "value.width_change_80"),
    ]
    assert [name for name in columns if name.startswith("note.")] == ["note.a", "note.b"]
    assert columns["value.z_80"] == ("value", "z_80")


def test_what_changes_are_sorted_by() -> None:
    """Not by values, and not by whether a change is material."""
    metrics = change_metrics(CONTRACT)
    assert {"value.d", "value.plain", "value.z_80", "lower_80.d"} <= {*metrics}
    assert not {"value.a", "value.b", "value.material", "note.a"} & {*metrics}


def test_an_interval_without_a_point() -> None:
    """Its metrics are named after its lower end."""
    contract = parse_contract(ROLLING.replace('[columns.value]\nunit = "USD"\n', ""))
    assert "lower_80.width_change_80" in change_columns(contract)
