"""The page of a version among the artifacts of its MLflow run."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from estimates.catalog.records import CarriedOver, InputDigest, Provenance
from estimates.catalog.run_record import Run
from estimates_jobs.tracking.version_page import render_html
from tests.catalog.histories import hour, version

RUN = Run("r<1>", "closes", "candidate", "track", hour(0), hour(1))


def page(**more: Any) -> str:
    """The page of version 3, made in this way."""
    made = Provenance(hour(1), "r<1>", **more)
    html = render_html(RUN, version(3, provenance=made), None, None).decode()
    return re.sub(r"</?(bdi|span)[^>]*>", "", html).replace("\u00a0", " ")


def cells(html: str) -> dict[str, str]:
    """What the page says of each thing, by its name."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    pairs = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
    return {pair[0]: " | ".join(pair[1:]) for pair in pairs if pair}


def test_parameters_are_written_as_they_were_given() -> None:
    """Text as it is, all else as JSON; a date as its day; what is not known has no line."""
    parameters = {"model": "<b>", "steps": [1, 2], "day": date(2024, 1, 2), "none": None}
    known = cells(page(parameters=parameters, seed=0))
    assert known["parameter model"] == "&lt;b&gt;"
    assert known["parameter steps"] == "[1,2]"
    assert known["parameter day"] == "&quot;2024-01-02&quot;"
    assert known["parameter none"] == "null"
    assert known["seed"] == "0"
    assert known["run"] == "r&lt;1&gt;"
    assert "commit" not in known


def test_inputs_and_what_was_carried_over_are_named() -> None:
    """Rows where they are known, and the version that others are of."""
    inputs = (InputDigest("prices", "p.csv", "ab" * 32, 1200), InputDigest("code", "x", "cd" * 32))
    carried = CarriedOver("shop", ("001", "007"), 1500, 2, 1)
    html = page(inputs=inputs, carried_over=carried, warnings=("2 rows without a time",))
    known = cells(html)
    assert known["prices"] == "p.csv | abababababab | 1,200"
    assert known["code"] == "x | cdcdcdcdcdcd | "
    assert known["carried over"] == "1,500 estimates of shop 001, 007 are those of version 1"
    assert "2 rows without a time" in html


def test_a_version_without_a_verdict_says_what_became_of_it() -> None:
    """The same bytes each time; the whole digest stays out of the way."""
    html = page()
    assert html == page()
    assert "<h1>Version 3: candidate</h1>" in html
    assert "What the run read" not in html
