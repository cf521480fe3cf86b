"""The page of a backtest, of checks that have no value or limit to draw."""

from __future__ import annotations

import re

from estimates.calibration.backtest_html import render_html
from estimates.calibration.backtest_report import (
    Backtest,
    Counts,
    LeftOut,
    Metric,
    Point,
    Replayed,
)


def page(*points: Point, name: str = "wave", versions: tuple[Replayed, ...] = ()) -> str:
    """The page of one check at these versions; the versions that the policy blocks are promoted."""
    metric = Metric(101, "own", "Own <check>", 2, "share", "below", list(points))
    blocked = [version.version for version in versions if version.blocks]
    counts = Counts(len(versions), len(blocked), 0, 0, 0, 0, 0, 0)
    left_out = [LeftOut(9, "refused", "expired")]
    html = render_html(
        Backtest(name, "0" * 64, None, counts, blocked, [], [], [], [*versions], left_out, [metric])
    )
    return html.replace("\u00a0", " ")


def test_a_check_that_never_had_a_value_is_drawn_empty() -> None:
    """One that failed with an error at each version has neither values nor limits."""
    html = page(*(Point(at, "error", None, None, None, "no_module") for at in (1, 2)))
    caption = (
        "Own &lt;check&gt;. Of 2 versions 0 warned about, 2 blocked. 2 could not be evaluated."
    )
    assert caption in html
    assert html.count("<svg ") == 1


def test_a_caption_says_the_last_limits() -> None:
    """Not those of before a policy changed, and not those of a version that had none."""
    html = page(
        Point(1, "pass", 0.9, 0.5, 0.25, None),
        Point(2, "warn", 0.7, 0.8, None, None),
        Point(3, "error", None, None, None, "gone"),
        Point(4, "skipped", None, None, None, "first_version"),
    )
    assert "Of 3 versions 1 warned about, 1 blocked; warns below 80 %. 1 could not be" in html


def test_versions_that_it_would_have_kept_are_named_with_the_checks() -> None:
    """Version, what it was compared with, and which checks; what is left out says why."""
    kept = Replayed(3, "promoted", None, "first_version", "fail", True, ["own"], ["keys"])
    html = page(name="a<b", versions=(kept,))
    row = html[html.index("Promoted, and would have been blocked") :].partition("</details>")[0]
    assert re.findall(r"<bdi>([^<]*)</bdi></td>", row) == ["3", "–", "own", "keys"]
    assert "another contract" in html
    assert "a<b" not in html
    assert ">refused<" in html
