"""Which options of `estimates score` go together."""

from __future__ import annotations

from typing import Any

import click
import pytest

from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.score_request import ScoreRequest


def refusal(*names: str, output: str = "text", notify: str | None = None, **own: Any) -> str:
    """How options are refused; nothing where they are not."""
    fields: dict[str, Any] = dict.fromkeys(ScoreRequest.__struct_fields__)
    fields |= {"versions": (), "regrade": False, "last": 20, "each": False}
    options = Options()
    options.format, options.notify = output, notify  # pyrefly: ignore
    try:
        ScoreRequest(**(fields | own)).check(options, names)
    except click.UsageError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    ("names", "own"),
    [
        (("s",), {}),
        (("s",), {"versions": (3,)}),
        (("s",), {"actuals": "a.csv", "regrade": True, "versions": (1, 2)}),
        (("s",), {"actuals": "a.csv", "by": "shop", "log_shift": 1.0}),
        (("s",), {"actuals": "a.csv", "deadline": "D-1T06:00", "clock": "released"}),
        (("s", "t"), {"actuals": "a.csv", "loss": "mae", "chart": "x.svg"}),
    ],
)
def test_what_goes_together(names: tuple[str, ...], own: dict[str, Any]) -> None:
    """Stored scores, new ones, means by a column, rows at a deadline, several models."""
    assert refusal(*names, **own) == ""


@pytest.mark.parametrize(
    ("names", "own", "words"),
    [
        (("s",), {"chart": "x.pdf"}, "ends in .svg or .png"),
        (("s",), {"notify": "https://host"}, "add --regrade"),
        (("s",), {"regrade": True}, "need --actuals"),
        (("s", "t"), {}, "need --actuals"),
        (("s", "t"), {"actuals": "a", "each": True}, "are about one set"),
        (("s",), {"actuals": "a", "each": True, "by": "shop"}, "one of them"),
        (("s",), {"actuals": "a", "by": "shop", "regrade": True}, "leave out --by"),
        (("s",), {"actuals": "a", "deadline": "D-1T06:00", "versions": (1,)}, "--deadline chooses"),
        (("s",), {"actuals": "a", "clock": "released"}, "--clock belongs to --deadline"),
        (("s",), {"actuals": "a", "by": "shop", "chart": "x.svg"}, "--chart draws"),
        (("s",), {"actuals": "a", "log_shift": 1.0}, "--log-shift needs"),
        (("s",), {"actuals": "a", "loss": "mae"}, "--loss is for several sets"),
        (("s",), {"actuals": "a", "output": "html"}, "--format html is for several sets"),
    ],
)
def test_what_does_not(names: tuple[str, ...], own: dict[str, Any], words: str) -> None:
    """With what is missing or too much."""
    assert words in refusal(*names, **own)
