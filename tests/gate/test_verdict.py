"""A verdict as JSON, and how many offenders it names."""

from __future__ import annotations

import msgspec
import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.gate.pages.github_annotations import render_github
from estimates.gate.pages.junit import render_junit
from estimates.gate.pages.verdict_markdown import render_markdown
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.registry import CHECKS
from estimates.gate.verdict import Verdict, parse_json, render_json
from tests.gate.cases import (
    Setting,
)
from tests.gate.verdicts import verdicts


@pytest.mark.parametrize(("what", "verdict"), verdicts(), ids=[v[0] for v in verdicts()])
def test_json_is_complete_and_comes_back_equal(what: str, verdict: Verdict) -> None:
    """Every check with every field stands in the JSON, in the registry's order; reading it gives
    the verdict back.
    """
    body = render_json(verdict)
    tree = msgspec.json.decode(body)
    assert [check["name"] for check in tree["checks"]] == [check.name for check in CHECKS]
    fields = {
        "value",
        "warn",
        "block",
        "n",
        "coverage",
        "reason",
        "message",
        "offending",
        "offenders",
        "status",
    }
    assert all(fields <= set(check) for check in tree["checks"])
    assert parse_json(body) == verdict
    assert body.endswith(b"}\n")


def test_of_more_than_a_hundred_only_so_much_is_known() -> None:
    """Every rendering says how many there are; none pretends to know whose keys lie beyond the
    hundred.
    """
    of = parse_contract(
        'name = "many"\n[key.shop]\ntype = "string"\n[key.n]\ntype = "integer"\n[columns.v]\nmax = '
        "10\n"
    )
    rows = pl.DataFrame(
        {"shop": ["a"] * 150 + ["b"] * 100, "n": range(250), "v": [11.0 + i for i in range(250)]}
    )
    verdict = Setting(of, rows, None).evaluate()
    assert verdict.check("hard_bounds").offending == 250
    assert "a/4: v = 15: outside max 10\n      and 245 more (a, …)\n" in render_text(verdict)
    assert "<summary>11 hard_bounds: 10 of 250</summary>" in render_markdown(verdict)
    assert "and 245 more (a, …)" in render_github(verdict)
    junit = render_junit(verdict).decode()
    assert '<property name="offending" value="250" />' in junit
    assert "and 245 more (a, …)" in junit
    assert len(parse_json(render_json(verdict)).check("hard_bounds").offenders) == 100
