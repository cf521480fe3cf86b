"""Verdicts of each outcome, for the tests of what renders them."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from hypothesis import strategies as st

from estimates.gate.verdict import (
    CheckResult,
    Offender,
    Verdict,
)
from tests.gate.cases import (
    Setting,
    clean_verdict,
    contract,
    file,
    frame,
    off_by_ten,
    provenance,
    wider,
)


@cache  # each process collects the tests, and asks four times
def verdicts() -> list[tuple[str, Verdict]]:
    """One verdict of each outcome, and of a file."""
    error = Setting(frame=frame(1.15).slice(7), candidate={"provenance": provenance(targets=())})
    return [
        ("pass", clean_verdict()),
        ("warn", Setting(frame=wider()).evaluate()),
        ("fail", Setting(frame=off_by_ten(3)).evaluate()),
        ("error", error.evaluate()),
        ("file", file(frame().drop("close")).evaluate()),
    ]


CASES = pytest.mark.parametrize(
    "verdict", [v for _, v in verdicts()], ids=[name for name, _ in verdicts()]
)
# Any text, and what XML forbids, Markdown formats or a workflow command ends with.
TEXT = st.text(
    st.one_of(st.sampled_from("\0\x1b\r\n\ufffe%:,]>&<'\"|`*_~@#[\\\u202e "), st.characters()),
    max_size=20,
)


def worded(text: str, status: str = "fail") -> Verdict:
    """A verdict with one check that has this text wherever text can come from data."""
    offender = Offender([text, "2026-11-23"], text, text)
    check = CheckResult(4, "schema", 1, "Columns", status, value=1.0, block=0.0, n=2)
    check = msgspec.structs.replace(
        check, message=text, reason=text, offending=3, offenders=[offender] * 3
    )
    whole = clean_verdict()
    counts = dict.fromkeys(whole.counts, 0) | {status: 1}
    return msgspec.structs.replace(
        whole, checks=[check], counts=counts, blocks=True, outcome="fail"
    )


def chosen(verdict: Verdict, *names: str) -> Verdict:
    """The verdict with a few of its checks only."""
    checks = [verdict.check(name) for name in names]
    counts = {status: sum(check.status == status for check in checks) for status in verdict.counts}
    return msgspec.structs.replace(verdict, checks=checks, counts=counts)


WILD = contract(more='[gate.checks.extreme_move]\nwarn = 10\nblock = 20\nseverity = "warn"\n')


FAIL = chosen(
    Setting(WILD, off_by_ten(3)).evaluate(), "minimum_rows", "nan", "extreme_move", "p95_change"
)
