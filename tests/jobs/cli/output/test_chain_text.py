"""What became of an estimate from version to version, in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from estimates_jobs.cli.output.chain_text import (
    chain_pairs,
    other_shapes,
    values_before,
    with_reasons,
)


def chain(**changed: Any) -> dict[str, Any]:
    """A number that went from 100 to 110, back to 105, and stayed."""
    values = [100.0, 110.0, 105.0, 105.0]
    steps = [
        {
            "value": value,
            "d": value - before,
            "first_d": value - values[0],
            "material": value != before,
        }
        for before, value in zip([values[0], *values], values, strict=False)
    ]
    return {
        "steps": steps,
        "n": 4,
        "flips": 1,
        "turns": 2,
        "efficiency": 1 / 3,
        "unit": "USD",
        "settle_time": 2,
        "settled_version": 3,
        "since_change": 1,
        "volatility": 0.05,
        "reasons": {},
    } | changed


def test_metrics_in_words() -> None:
    """What changed last and in all, how often it turned, how far it went, since when it stays."""
    assert [(name, str(text)) for name, text in chain_pairs(chain())] == [
        ("versus previous", "0 %"),
        ("versus first", "+5.00 %"),
        ("flips", "1 of 2 turns"),
        ("path", "33.3 % efficient: 5 USD from first to last, 15 USD on the way"),
        ("settled", "since version 3, after 2 other values"),
        ("last moved", "materially 1 version ago"),
        ("volatility", "5 % a version"),
    ]


@pytest.mark.parametrize(
    ("changed", "name", "text"),
    [
        ({"settle_time": 3}, "settled", "not yet: the value before was materially off"),
        ({"settle_time": 0}, "settled", "since version 3"),
        ({"since_change": 0}, "last moved", "materially with the last version"),
        ({"efficiency": None}, "path", ""),
        ({"reasons": {"flip_share": "few_values"}}, "flips", "–  (too few values)"),
    ],
)
def test_special_words(changed: dict[str, Any], name: str, text: str) -> None:
    """What has not settled, what moved just now, and what cannot be said."""
    assert dict(chain_pairs(chain(**changed)))[name] == text


def test_a_reason_that_is_not_known() -> None:
    """Of a later release: its code."""
    assert with_reasons({"m": ("name", "1")}, {"m": "new_code"}) == [("name", "–  (new_code)")]


def test_values_before() -> None:
    """Refused versions and those without a value change nothing for those after them."""
    values, refused = [1.0, 9.0, None, 2.0], [False, True, False, False]
    assert values_before(values, refused) == [None, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("shapes", "option", "line"),
    [
        ([1, 1], "--shape", None),
        ([1, 2], "", "1 version of another shape is not shown"),
        (
            [3, 2, 1, 2],
            "--shape",
            "3 versions of another shape are not shown: --shape 2, --shape 3",
        ),
    ],
)
def test_versions_of_other_shapes(shapes: list[int], option: str, line: str | None) -> None:
    """How many are not shown, and how they would be; those shown have shape 1."""
    versions: list[Any] = [
        SimpleNamespace(version=i, shape=shape, expired_at=None) for i, shape in enumerate(shapes)
    ]
    shown = [i for i, shape in enumerate(shapes) if shape == 1]
    expired: Any = SimpleNamespace(version=99, shape=7, expired_at="then")
    assert other_shapes([*versions, expired], shown, option) == line
