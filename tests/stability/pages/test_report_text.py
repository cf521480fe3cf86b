"""What a person reads: the headline and the page."""

from __future__ import annotations

import json

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.render.wording import percent
from estimates.stability.diff import diff
from estimates.stability.pages.report_text import render_json, render_text
from tests.stability.pages.demand import CONTRACT, version


def test_headline_says_it_in_one_sentence() -> None:
    """What moved, how far, the worst key, what was lost, which keys came and went."""
    a, b = (
        version([10.0, 20.0, 30.0, 40.0], "xxyy"),
        version([10.0, 22.0, None, 40.0], "xxyy", "abce"),
    )
    report = diff(a, b, CONTRACT, name_a=1, name_b=2)
    assert report.headline == (
        "units changed on 50.0 % of 2 keys, typically by 5.00 %; most on b: 20 → 22; 0 % of 3 keys "
        "changed class; "
        "units lost its value on 33.3 %; 1 key added, 1 key removed."
    )


def test_headline_of_identical_and_of_disjoint_versions() -> None:
    """No change, and nothing in common, are said plainly."""
    a = version([1.0, 2.0, 3.0, 4.0], "xxyy")
    assert (
        diff(a, a, CONTRACT).headline
        == "Nothing changed: the two versions are identical in all 4 keys."
    )
    b = version([1.0, 2.0, 3.0, 4.0], "xxyy", "efgh")
    assert (
        diff(a, b, CONTRACT).headline
        == "Nothing to compare: no key is in both versions (4 and 4 keys)."
    )


def test_headline_of_labels() -> None:
    """A set of labels speaks of labels."""
    c = parse_contract('name = "s"\n[key.shop]\ntype = "string"\n[columns.class]\nrole = "label"')
    a, b = (
        pl.DataFrame({"shop": list("abcd"), "class": list(labels)}) for labels in ("xxyy", "xyyy")
    )
    assert diff(a, b, c).headline == "25.0 % of 4 keys changed class."


def test_page() -> None:
    """The page of a small diff, line by line."""
    a, b = (
        version([10.0, 20.0, 30.0, 40.0], "xxyy"),
        version([10.0, 22.0, None, 40.0], "xzyy", "abce"),
    )
    assert render_text(diff(a, b, CONTRACT, name_a=1, name_b=2)) == PAGE.lstrip()


PAGE = """
demand  version 1 → version 2
units changed on 50.0 % of 2 keys, typically by 5.00 %; most on b: 20 → 22; 33.3 % of 3 keys changed
class; units lost its value on 33.3 %; 1 key added, 1 key removed.

Keys
  3 compared, 1 added (25.0 %), 1 removed (25.0 %), 33.3 % of rows identical
  added: e
  removed: d

Change per key, relative to the old value; material: by more than 1.00 %
  column          keys   cover  median    95 %     max  material      up  down  mean change
  units [pieces]     2  66.7 %  5.00 %  9.50 %  10.0 %    50.0 %  50.0 %   0 %           +1

Labels
  class: 33.3 % (95 %: 6.15 % to 79.2 %) of 3 keys changed their label; Cohen's kappa 0.5
  class: labels not seen before: z
  key  old  new
  b    x    z

Values that came or went
  units: finite → null on 1 key
  units: lost on c

class, label by label
  label  old keys  new keys  left it  new to it     share
  x             2         1   50.0 %        0 %  −33.3 pp
  y             1         1      0 %        0 %      0 pp
  z             0         1        –      100 %  +33.3 pp

Largest moves of units
  key  old  new  difference   change
  b     20   22          +2  +10.0 %
  the 1 % of the keys that moved most make up 100 % of all change

units by shop
  shop  keys  median    95 %  material
  a *      1     0 %     0 %       0 %
  b *      1  10.0 %  10.0 %     100 %
  * fewer than 30 keys

Ranks, the largest value first
  column  Spearman  top 10 kept  top 1 % kept  largest move
  units          –            –         100 %             0
  units: not everything can be computed (too_few_keys)

Distributions as a whole, whatever the keys
  column  median shift  spread    PSI     KS    W1
  units           −0.4    ×0.6  0.517  0.333  0.63
  spread: the new interquartile range to the old; PSI: population stability index, below 0.1 no
    change, above 0.25 a large one; KS: the widest gap between both cumulative shares; W1: how far
    values have to go on average, in standard deviations
"""


def test_of_quantiles_alone_nothing_is_said_of_a_point() -> None:
    """Where there is no room for all columns the median is shown, though outer ones move more; that
    there is no point is no note of each interval.
    """
    levels = [round(0.02 * i, 2) for i in range(1, 50)]
    contract = parse_contract(
        f'name = "flu"\n[key.place]\ntype = "string"\n[columns.q]\nquantiles = {levels}\n'
    )
    places = [f"p{i:02}" for i in range(20)]

    def forecast(spread: float) -> pl.DataFrame:
        values = {f"q{x:g}": [100 + i + spread * (x - 0.5) for i in range(20)] for x in levels}
        return pl.DataFrame({"place": places} | values)

    page = render_text(diff(forecast(10), forecast(90), contract))
    assert "q0.5  " in page
    assert "q0.52" not in page
    assert "no_point" not in page
    assert "z median" not in page
    assert "overlap" in page


def test_page_without_common_keys_ends_with_the_keys() -> None:
    """Nothing to compare: the keys, and no empty tables."""
    page = render_text(
        diff(version([1.0] * 4, "xxyy"), version([1.0] * 4, "xxyy", "efgh"), CONTRACT)
    )
    assert page.splitlines()[-1] == "  removed: a, b, c, d"


def test_json_has_twelve_digits_and_the_names_of_the_report() -> None:
    """JSON rounds to twelve significant digits and calls the versions `from` and `to`."""
    a, b = version([1.0, 2.0, 3.0, 4.0], "xxyy"), version([1.1, 2.0, 3.0, 4.0], "xxyy")
    body = json.loads(render_json(diff(a, b, CONTRACT)))
    assert (body["from"], body["to"]) == ("A", "B")
    assert body["columns"]["units"]["scalar"]["r"]["max"] == 0.0952380952381


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (1e-7, "<0.01 %"),
        (0.004, "0.40 %"),
        (0.12345, "12.3 %"),
        (0.9999, ">99.9 %"),
        (1, "100 %"),
        (2, "200 %"),
    ],
)
def test_percent_is_never_rounded_to_all_or_nothing(share: float, text: str) -> None:
    """Only 0 reads as 0 and only 1 as 100 %."""
    assert percent(share) == text
