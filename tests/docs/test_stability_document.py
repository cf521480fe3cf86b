"""docs/stability.md says what every field of a diff is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import msgspec
import pytest

from estimates.compare.series_report import ColumnMove, PairMove
from estimates.gate.registry import CHECKS
from estimates.stability import family_reports, label_report, report
from estimates.stability.family_reports import (
    CutReport,
    Divergence,
    DriftReport,
    NearKeys,
    ProbabilityMove,
    ProbabilityReport,
    ProbabilityShift,
    QuantileMove,
    QuantileReport,
    RankGroup,
    RankMove,
    RankReport,
    SchemaChange,
    SchemaReport,
    Spread,
    StepChange,
    Total,
    Totals,
)
from estimates.stability.label_report import LabelChange, LabelFlow, LabelReport, Transitions
from estimates.stability.report import (
    Carried,
    Change,
    ColumnReport,
    Group,
    GroupSurprise,
    IntervalOrder,
    IntervalReport,
    KeysReport,
    PlainChange,
    PointMove,
    RelativeChange,
    Report,
    ScalarReport,
    SignedChange,
    Surprise,
    TransformChange,
)
from estimates.stability.through_time.revision_report import FrozenReport
from estimates.stability.value_kinds import KINDS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "stability.md").read_text(encoding="utf-8")
# Section to the Struct that its table lists, and those whose fields its text names.
SECTIONS: dict[str, tuple[type[msgspec.Struct], tuple[type[msgspec.Struct], ...]]] = {
    "The report": (Report, (Carried,)),
    "K: keys": (KeysReport, (NearKeys,)),
    "K: schemas": (SchemaReport, (SchemaChange,)),
    "K: frozen keys": (FrozenReport, ()),
    "Through time: each move of production": (PairMove, (ColumnMove,)),
    "Columns": (ColumnReport, (Group,)),
    "S: how one number moved": (
        ScalarReport,
        (Change, PlainChange, RelativeChange, TransformChange, StepChange),
    ),
    "S: ranks": (RankReport, (RankMove, RankGroup)),
    "S: the distribution as a whole": (DriftReport, ()),
    "S: totals": (Totals, (Total,)),
    "C: labels": (LabelReport, (LabelChange, LabelFlow, Transitions)),
    "C: cut-offs": (CutReport, ()),
    "C: probabilities": (ProbabilityReport, (Divergence, ProbabilityMove)),
    "I: prediction intervals": (
        IntervalReport,
        (GroupSurprise, IntervalOrder, PointMove, SignedChange, Spread, Surprise),
    ),
    "Q: quantiles": (QuantileReport, (QuantileMove, ProbabilityShift)),
}


def fields(kind: type[msgspec.Struct]) -> list[str]:
    """The names in JSON."""
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    return re.split(r"^## ", DOCUMENT.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


@pytest.mark.parametrize("title", SECTIONS)
def test_every_field_is_documented(title: str) -> None:
    """The table of a section lists exactly the fields of its Struct, and its text names those of
    the small ones.
    """
    listed, named = SECTIONS[title]
    text = section(title)
    first = re.findall(r"^\| (`[^|]+) \|", text, flags=re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(first))) == sorted(fields(listed))
    for kind in named:
        assert set(fields(kind)) <= set(re.findall(r"`(\w+)`", text)), kind.__name__


def test_the_checks_that_read_a_number_are_named() -> None:
    """Each check of the gate that says which number of this page it holds to a limit stands there
    with it.
    """
    cited = {
        (check.name, number)
        for check in CHECKS
        for number in re.findall(r"stability\.md (\w\d+)", check.source)
    }
    rows = re.findall(
        r"^\| .+ \| (`.+) \|$", section("Held to limits: the gate"), flags=re.MULTILINE
    )
    groups = re.findall(r"((?:`\w+`(?:, )?)+) \((\w+)\)", "; ".join(rows))
    documented = [
        (name, number) for names, number in groups for name in re.findall(r"`(\w+)`", names)
    ]
    assert sorted(documented) == sorted(cited)
    assert set(re.findall(r"`(\w+)`", "; ".join(rows))) <= {check.name for check in CHECKS}


def test_every_struct_has_a_section() -> None:
    """No Struct of the report is without a place in the document."""
    structs = {
        kind
        for module in (report, label_report, family_reports)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__
    }
    documented = {kind for listed, named in SECTIONS.values() for kind in (listed, *named)}
    assert structs | {FrozenReport, PairMove, ColumnMove} == documented


def test_kinds_and_reasons_are_documented() -> None:
    """Every kind of value and every reason for a null that the code can give is named."""
    documented = re.findall(
        r"^\| `(\w+)` \|", DOCUMENT.split("| reason |")[1].split("\n## ")[0], flags=re.MULTILINE
    )
    sources = [
        path.read_text(encoding="utf-8")
        for path in Path(inspect.getfile(report)).parent.rglob("*.py")
    ]
    # codes of errors are no reasons
    sources = [re.sub(r"Error\(\s*", "Error(", text) for text in sources]
    words = (
        r'(?<!Error\()"(no_[a-z]+(?:_[a-z]+)?|degenerate_\w+|'
        r'overflow|constant|too_few_\w+|one_label)"'
    )
    assert set(documented) == {word for text in sources for word in re.findall(words, text)}
    for kind in KINDS:
        assert f"`{kind}`" in DOCUMENT, kind
