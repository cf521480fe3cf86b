"""A contract as it prints itself."""

from __future__ import annotations

from estimates.contract.contract_file import parse_contract
from estimates.contract.contract_text import render_short
from estimates.render.notebook import LINES
from tests.contract.contracts import ROLLING


def test_key_and_columns() -> None:
    """A line each, with role and unit, and which part of the key is the target."""
    assert render_short(parse_contract(ROLLING)) == (
        "Contract close\n"
        "  key ticker: string\n"
        "  key target_date: date, target\n"
        "  value: point, USD\n"
        "  lower_80: lower\n"
        "  upper_80: upper"
    )


def test_what_it_is_about() -> None:
    """In the first line."""
    text = ROLLING.replace('name = "close"', 'name = "close"\ndescription = "closing prices"')
    assert render_short(parse_contract(text)).startswith("Contract close: closing prices\n")


def test_a_long_one_is_cut() -> None:
    """And says where the rest is."""
    more = "".join(f'[columns.c{i}]\nrole = "attribute"\ntype = "string"\n' for i in range(40))
    lines = render_short(parse_contract(ROLLING.replace("[domain]", f"{more}[domain]"))).split("\n")
    assert len(lines) == LINES
    assert "msgspec.to_builtins(contract)" in lines[-1]
