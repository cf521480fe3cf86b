"""Every offender of an evaluation as a table."""

from __future__ import annotations

from datetime import date

import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates.gate.check import Measure
from estimates.gate.offender_table import Offenders
from estimates.gate.verdict import CheckResult, Offender
from tests.builders import contract, source


def result(name: str = "own", status: str = "fail") -> CheckResult:
    """A result whose offenders are added."""
    return CheckResult(900, name, 2, "Own", status)  # type: ignore


def test_rows_are_typed_and_name_their_check() -> None:
    """What is no key has null parts; measures without offenders add nothing."""
    offenders = Offenders()
    assert offenders.frame is None
    offenders.begin(contract())
    assert offenders.frame is not None
    assert offenders.frame.height == 0
    keyed = Offender(["AAPL", "2024-06-03"], "value", "too high")
    offenders.add(result(), [Measure(1, 1, "", offenders=[keyed]), Measure(0, 1, "")])
    offenders.add(
        result("lineage", "warn"), [Measure(1, 1, "", offenders=[Offender(None, None, "no seed")])]
    )
    assert offenders.frame.rows() == [
        ("own", 900, "fail", "AAPL", date(2024, 6, 3), "value", "too high"),
        ("lineage", 900, "warn", None, None, None, "no seed"),
    ]


def test_another_evaluation_begins_anew() -> None:
    """Nothing of the one before stays."""
    offenders = Offenders()
    offenders.begin(contract())
    offenders.add(result(), [Measure(1, 1, "", offenders=[Offender(None, None, "x")])])
    offenders.begin(contract())
    assert offenders.frame is not None
    assert offenders.frame.height == 0


@pytest.mark.parametrize("name", ["check", "number", "status", "column", "detail"])
def test_a_key_column_with_the_name_of_one_of_the_tables_is_refused(name: str) -> None:
    """Before anything is evaluated."""
    own = parse_contract(source().replace("ticker", name))
    with pytest.raises(InvalidError) as refused:
        Offenders().begin(own)
    assert refused.value.code == "key_name"
