"""Two files of churn scores, and the command that compares them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.jobs.cli.calls import Called, call

OLD = """customer_id,segment,score,score_lower_90,score_upper_90
01,a,0.5,0.4,0.6
02,b,0.25,0.2,0.3
03,a,0.75,0.7,0.8
04,b,0.1,0,0.2
"""
NEW = """customer_id,segment,score,score_lower_90,score_upper_90
05,b,0.5,0.4,0.6
04,b,0.1,0,0.2
02,b,0.5,0.4,0.6
01,a,0.51,0.4,0.6
"""
CONTRACT = """name = "churn"
[key.customer_id]
type = "string"
[columns.segment]
role = "attribute"
type = "string"
[columns.score]
[columns.score_lower_90]
role = "lower"
level = 0.9
[columns.score_upper_90]
role = "upper"
level = 0.9
"""


def diff(*words: object) -> Called:
    """`estimates diff`, which must succeed."""
    called = call("diff", *words)
    assert called.code == 0, called.err
    return called


def report(*words: object) -> dict[str, Any]:
    """The report of `estimates diff` as JSON."""
    return diff(*words, "--format", "json").json


def refused(*words: object) -> dict[str, Any]:
    """The error of `estimates diff`, which exits 2."""
    called = call("diff", *words, "--format", "json")
    assert called.code == 2, called
    return called.error


def working_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the folder the working directory, with both files in it and no store anywhere."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ESTIMATES_STORE", raising=False)
    (folder / "old.csv").write_text(OLD)
    (folder / "new.csv").write_text(NEW)
    return folder
