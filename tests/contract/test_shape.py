from __future__ import annotations

import pytest

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from tests.contract.contracts import MINIMAL, ROLLING


def shape(toml: str) -> str:
    """The digest of the shape of a contract."""
    return parse_contract(toml).shape().digest


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "[columns.value]",
            "[columns.value]\nmin = 0\nsoft_max = 9\nnullable = true\nscale_floor = 0.01",
        ),
        ("[columns.value]", '[columns.value]\ndescription = "close"\ntype = "float"'),
        ('name = "close"', 'name = "other"\nowner = "me"\ndescription = "x"'),
        ("steps = 10", "steps = 5"),
        ("target = true", 'target = true\ndescription = "day"'),
        (
            "[domain]",
            '[freshness]\ncadence = "1d"\n[stability]\nrtol = 0.1\n[gate]\npromote = '
            '"automatic"\n[domain]',
        ),
    ],
)
def test_shape_ignores_what_does_not_make_versions_incomparable(before: str, after: str) -> None:
    """Bounds, nullability, words, domain and policy do not change the shape."""
    assert before in ROLLING
    assert shape(ROLLING.replace(before, after)) == shape(ROLLING)


def test_shape_ignores_the_order_of_estimate_columns() -> None:
    """The digest of a shape is that of a set of columns; the order of the key counts, it is the
    order of rows.
    """
    contract = parse_contract(ROLLING)
    turned = Contract(
        contract.name,
        contract.key,
        dict(reversed(contract.columns.items())),
        domain=contract.domain,
    )
    assert turned.shape().column_names == ["upper_80", "lower_80", "value"]
    assert turned.shape().digest == contract.shape().digest
    other_key = Contract(
        contract.name,
        dict(reversed(contract.key.items())),
        contract.columns,
        domain=contract.domain,
    )
    assert other_key.shape().key_names == ["target_date", "ticker"]
    assert other_key.shape().digest != contract.shape().digest


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('unit = "USD"', 'unit = "EUR"'),
        ('unit = "USD"', ""),
        ("level = 0.8", "level = 0.9"),
        ('unit = "USD"', 'unit = "USD"\ntype = "integer"'),
        ("[columns.value]", '[columns.value]\nrole = "score"'),
        ("[columns.value]", "[columns.price]"),
        ("[domain]", '[columns.x]\nrole = "attribute"\n[domain]'),
        ('type = "date"', 'type = "timestamp"'),
    ],
)
def test_shape_changes_with_what_makes_versions_incomparable(before: str, after: str) -> None:
    """Unit, level, type, role, names and key types are the shape."""
    assert before in ROLLING
    assert shape(ROLLING.replace(before, after)) != shape(ROLLING)


def test_shape_digest_is_stable() -> None:
    """The digest is part of every snapshot's name, so that it must not change between releases."""
    assert shape(MINIMAL) == "858c05034327116bc81643800e38f4e0e82aad2c8d27ed8dc68a1db2d39138da"
