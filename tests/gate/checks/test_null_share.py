"""The check `null_share`."""

from __future__ import annotations

import pytest

from estimates.contract.contract_file import parse_contract
from tests.gate.cases import CONTRACT, Setting, clean_verdict, frame, poke, poked
from tests.gate.faulty_settings import limited


def test_passes() -> None:
    """A share without a limit passes: one null of 25."""
    result = clean_verdict().check("null_share")
    assert result.status == "pass"
    assert result.value == pytest.approx(1 / 25)


def test_fails() -> None:
    """Five nulls of 25 lie beyond a limit of a tenth."""
    result = (
        poke("trend", None, 5, contract=limited("null_share", 0.1)).evaluate().check("null_share")
    )
    assert result.status == "fail"
    assert result.value == pytest.approx(0.2)


def test_no_estimate_for_a_key_breaks_no_rule() -> None:
    """Where everything may be null, a row without estimates passes bounds, order, quantiles and
    probabilities.
    """
    text = CONTRACT.replace('unit = "USD"', 'unit = "USD"\nnullable = true')
    for role in ("lower", "upper", "quantile", "label", "probability"):
        text = text.replace(f'role = "{role}"\n', f'role = "{role}"\nnullable = true\n')
    nullable = parse_contract(text)
    content = frame(1.001)
    for name in nullable.judged:
        content = poked(content, name, None)
    verdict = Setting(nullable, content, None).evaluate()
    assert verdict.outcome == "pass", verdict.failing()
    assert verdict.check("null_share").value == 1 / 25
