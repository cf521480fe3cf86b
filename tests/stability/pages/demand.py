"""The demand set, whose reports the tests of renderings read."""

from __future__ import annotations

import polars as pl

from estimates.contract.contract_file import parse_contract

CONTRACT = parse_contract(
    'name = "demand"\n[key.shop]\ntype = "string"\n[columns.units]\nunit = "pieces"\nnullable = '
    "true\n"
    '[columns.class]\nrole = "label"\n[stability]\ngroups = ["shop"]'
)


def version(units: list[float | None], labels: str, shops: str = "abcd") -> pl.DataFrame:
    """One version of the demand set."""
    return pl.DataFrame({"shop": list(shops), "units": units, "class": list(labels)})
