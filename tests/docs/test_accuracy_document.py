"""docs/accuracy.md says what every field is."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from estimates.accuracy import accuracy_report
from estimates.accuracy.sample_report import SampleScores

DOCUMENT = (Path(__file__).parents[2] / "docs" / "accuracy.md").read_text(encoding="utf-8")
SECTIONS: dict[str, tuple[type[msgspec.Struct], ...]] = {
    "The answer": (accuracy_report.SetAccuracy, accuracy_report.Scored),
    "Scores": (accuracy_report.Accuracy, accuracy_report.Keys, accuracy_report.ColumnScores),
    "Point": (accuracy_report.PointScores,),
    "Intervals": (accuracy_report.IntervalScores,),
    "Distribution": (
        accuracy_report.DistributionScores,
        accuracy_report.QuantileScores,
        accuracy_report.PitBin,
    ),
    "Samples": (SampleScores,),
    "Label": (accuracy_report.LabelScores,),
    "Probability": (accuracy_report.ProbabilityScores,),
    "Horizons and groups": (accuracy_report.Slice, accuracy_report.Covered),
    "Skill": (accuracy_report.Skill, accuracy_report.SkillSlice, accuracy_report.Compared),
    "Revision": (accuracy_report.Revision,),
    "Together": (accuracy_report.Together,),
    "Diebold and Mariano": (accuracy_report.DieboldMariano,),
}


@pytest.mark.parametrize("title", SECTIONS)
def test_every_field_is_explained_in_its_section(title: str) -> None:
    """A field of a Struct is named in the section about it."""
    text = DOCUMENT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", text))
    wanted = {
        field.encode_name for kind in SECTIONS[title] for field in msgspec.structs.fields(kind)
    }
    assert wanted - named == set()


def test_no_struct_is_left_out() -> None:
    """Every Struct of the report belongs to a section."""
    structs = {
        kind
        for kind in vars(accuracy_report).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    }
    assert structs == {kind for kinds in SECTIONS.values() for kind in kinds}
