"""What speaks against a change, found row by row in plain Python: by the limit in force for each
key, and no other.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.catalog.records import Waiver
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.gate.evaluation import evaluate
from estimates.gate.offender_table import Offenders
from estimates.gate.verdict import CheckResult, GroupResult, Verdict
from tests.examples import examples
from tests.gate.cases import JUDGED, assert_whole, provenance, stored

pytestmark = pytest.mark.slow

N = 240  # more than the 100 that a verdict names
PLAIN = """
name = "many"
[key.shop]
type = "string"
[key.day]
type = "date"
[columns.units]
max = 1000
scale_floor = 1
[columns.lower_80]
role = "lower"
level = 0.8
scale_floor = 1
[columns.upper_80]
role = "upper"
level = 0.8
scale_floor = 1
[columns.class]
role = "label"
[columns.extra]
role = "score"
nullable = true
scale_floor = 1
[columns.region]
role = "attribute"
type = "string"
"""
# north is held to much or to little, and one shop of the south to limits of its own
GROUPED = (
    PLAIN
    + "".join(
        f"[gate.checks.{check}.groups.region.north]\nwarn = {warn}\nblock = {block}\n"
        for check, warn, block in (
            ("p95_change", 0.02, 0.04), ("extreme_move", 50, 1000),
            ("jumps", 0.2, 0.3), ("sign_flips", 0.3, 0.6),
            ("label_churn", 0.3, 0.6), ("removed_keys", 0.2, 0.4), ("added_keys", 0.01, 0.02),
            ("z_beyond_one", 0.01, 0.02), ("outside_old_interval", 0.4, 0.6),
        )
    )
    + "".join(
        f"[gate.checks.{check}.groups.region.north]\nblock = 30\n"
        for check in ("hard_bounds", "finite_to_null")
    )
    + "[gate.checks.p95_change.groups.shop.s007]\nwarn = 0.01\nblock = 0.02\n"
    + "[gate.checks.extreme_move.groups.shop.s007]\nwarn = 0.5\nblock = 1\n"
)  # fmt: skip
CONTRACTS = {"plain": parse_contract(PLAIN), "grouped": parse_contract(GROUPED)}
NUMBERS = ("units", "lower_80", "upper_80", "extra")
Row = dict[str, Any]
Key = tuple[str, date]
Told = tuple[Key, str | None]


def rows() -> pl.DataFrame:
    """Estimates for N shops and one day, none like another."""
    number = range(N)
    return pl.DataFrame(
        {
            "shop": [f"s{i:03d}" for i in number],
            "day": [date(2026, 11, 23)] * N,
            "units": [10.0 + i for i in number],
            "lower_80": [9.0 + i for i in number],
            "upper_80": [11.0 + i for i in number],
            "class": ["ab"[i % 2] for i in number],
            "extra": [i - 120.5 for i in number],
            "region": ["south" if i % 3 else "north" for i in number],
        }
    )


def judged(
    candidate: pl.DataFrame,
    contract: Contract,
    waivers: list[Waiver] | None = None,
    before: pl.DataFrame | None = None,
) -> tuple[Verdict, pl.DataFrame]:
    """The verdict on a version against `rows()`, and every offender; the one has the first of the
    other.
    """
    offenders = Offenders()
    new = stored(candidate, contract, provenance=provenance(targets=()))
    old = stored(rows() if before is None else before, contract, version=1)
    verdict = evaluate(
        contract,
        new,
        old,
        judged_at=JUDGED,
        contract_revision=1,
        waivers=waivers or [],
        offenders=offenders,
    )
    assert offenders.frame is not None
    assert_whole(verdict, offenders.frame, list(contract.key))
    return verdict, offenders.frame


class Both:
    """The rows of both versions, by key, of a part of the keys."""

    def __init__(self, old: dict[Key, Row], new: dict[Key, Row]) -> None:
        self.old, self.new = old, new
        self.common = [key for key in new if key in old]
        self.either = old.keys() | new.keys()

    def part(self, column: str, value: str) -> Both:
        """The keys of a group: by the candidate, or of keys that are gone by the baseline."""
        return self.only(lambda key: (self.new.get(key) or self.old[key])[column] == value)

    def only(self, wanted: Callable[[Key], bool]) -> Both:
        """Some keys."""
        return Both(
            *(
                {key: row for key, row in side.items() if wanted(key)}
                for side in (self.old, self.new)
            )
        )

    def pairs(self, *names: str) -> Iterator[tuple[Key, list[float], list[float]]]:
        """Key, old and new values where all of them are finite."""
        for key in self.common:
            old, new = ([side[key][name] for name in names] for side in (self.old, self.new))
            if all(value is not None and math.isfinite(value) for value in old + new):
                yield key, old, new


def r_of(a: float, b: float) -> float:
    """S3, with the scale floor 1."""
    return abs(b - a) / max((abs(a) + abs(b)) / 2, 1)


def far(both: Both, limit: float) -> Iterator[Told]:
    """p95_change: points and scores with r above the limit."""
    for name in ("units", "extra"):
        yield from ((key, name) for key, (a,), (b,) in both.pairs(name) if r_of(a, b) > limit)


def beyond(both: Both, limit: float) -> Iterator[Told]:
    """extreme_move, z_beyond_one: points that moved by more half widths of the old interval."""
    for key, (a, low, high), (b, _, _) in both.pairs("units", "lower_80", "upper_80"):
        if abs(b - a) / max((high - low) / 2, 1) > limit * (1 + 1e-12):
            yield key, "units"


def outside(both: Both, _limit: float) -> Iterator[Told]:
    """outside_old_interval."""
    for key, (_, low, high), (b, _, _) in both.pairs("units", "lower_80", "upper_80"):
        if not low <= b <= high:
            yield key, "units"


def flipped(both: Both, _limit: float) -> Iterator[Told]:
    """sign_flips."""
    for name in NUMBERS:
        yield from ((key, name) for key, (a,), (b,) in both.pairs(name) if a * b < 0)


def jumped(both: Both, _limit: float) -> Iterator[Told]:
    """jumps: by more than a factor of three, and by more than a tenth of the median size."""
    for name in NUMBERS:
        typical = statistics.median(abs(row[name]) for row in both.old.values()) if both.old else 0
        for key, (a,), (b,) in both.pairs(name):
            if abs(b - a) > max((abs(a) + abs(b)) / 2, 0.1 * typical):
                yield key, name


def lost(both: Both, _limit: float) -> Iterator[Told]:
    """finite_to_null."""
    for name in (*NUMBERS, "class"):
        for key in both.common:
            value = both.new[key][name]
            if value is None or (isinstance(value, float) and not math.isfinite(value)):
                yield key, name


def relabelled(both: Both, _limit: float) -> Iterator[Told]:
    """label_churn."""
    return (
        (key, "class") for key in both.common if both.old[key]["class"] != both.new[key]["class"]
    )


def high(both: Both, _limit: float) -> Iterator[Told]:
    """hard_bounds."""
    for key, row in both.new.items():
        if row["units"] is not None and not row["units"] <= 1000:
            yield key, "units"


RULES: dict[str, Callable[[Both, float], Iterator[Told]]] = {
    "hard_bounds": high,
    "removed_keys": lambda both, _: ((key, None) for key in both.old if key not in both.new),
    "added_keys": lambda both, _: ((key, None) for key in both.new if key not in both.old),
    "finite_to_null": lost,
    "p95_change": far,
    "extreme_move": beyond,
    "jumps": jumped,
    "sign_flips": flipped,
    "z_beyond_one": lambda both, _: beyond(both, 1),
    "outside_old_interval": outside,
    "label_churn": relabelled,
}


def expected(check: CheckResult, both: Both) -> Counter[Told]:
    """What speaks against each part that does not keep its limits, or, where all do, against
    any.
    """
    if check.status in ("skipped", "error") and not check.groups:
        return Counter()
    parts: list[CheckResult | GroupResult] = [*check.groups] or [check]
    named = [(part.column, part.group) for part in check.groups if part.column and part.group]
    wrong = [part for part in parts if part.status not in ("pass", "skipped")] or parts
    offenders = Counter[Told]()
    for part in wrong:
        if part.status in ("skipped", "error"):
            continue
        limit = next((limit for limit in (part.warn, part.block) if limit is not None), math.inf)
        if isinstance(part, CheckResult):
            mine = both
        elif part.column is not None and part.group is not None:
            mine = both.part(part.column, part.group)
        else:
            inside = {key for group in named for key in both.part(*group).either}
            mine = both.only(lambda key, inside=inside: key not in inside)
        offenders += Counter(RULES[check.name](mine, limit))
    return offenders


def by_key(frame: pl.DataFrame) -> dict[Key, Row]:
    """The rows of a version."""
    return {(row["shop"], row["day"]): row for row in frame.rows(named=True)}


@st.composite
def candidates(draw: st.DrawFn) -> pl.DataFrame:
    """`rows()` with up to five things done to ranges of rows, of which some are gone and some are
    new.
    """
    new, place = rows(), st.integers(0, N - 1)
    for _ in range(draw(st.integers(0, 5))):
        first, last = sorted((draw(place), draw(place)))
        every = draw(st.sampled_from([1, 2, 3]))
        at = pl.int_range(pl.len()).is_between(first, last) & (pl.int_range(pl.len()) % every == 0)
        what = draw(
            st.sampled_from([*NUMBERS, "times", "turned", "class", "region", "gone", "new"])
        )
        if what == "gone":
            new = new.filter(~at)
        elif what == "new":
            new = new.with_columns(shop=pl.when(at).then(pl.col("shop") + "x").otherwise("shop"))
        elif what in ("class", "region"):
            value = draw(
                st.sampled_from({"class": ["b", "c", None], "region": ["north", "west"]}[what])
            )
            new = new.with_columns(
                pl.when(at).then(pl.lit(value, pl.String)).otherwise(what).alias(what)
            )
        elif what == "turned":
            new = new.with_columns(extra=pl.when(at).then(-pl.col("extra")).otherwise("extra"))
        elif what == "times":
            factor = draw(st.sampled_from([1.3, 1.05, -1.0, 10.0, 0.1]))
            new = new.with_columns(
                pl.when(at).then(pl.col(n) * factor).otherwise(n).alias(n) for n in NUMBERS[:3]
            )
        else:
            value = draw(st.sampled_from([None, math.nan, -1.0, 0.0, 30.0, 5000.0]))
            new = new.with_columns(
                pl.when(at).then(pl.lit(value, pl.Float64)).otherwise(what).alias(what)
            )
    return new


@examples(16)
@given(candidates(), st.sampled_from(sorted(CONTRACTS)))
def test_what_a_check_counts_is_what_speaks_against_it(candidate: pl.DataFrame, which: str) -> None:
    """For every check that is about single keys: by the limits of the group that a key is in, no
    more and no less.
    """
    verdict, listed = judged(candidate, CONTRACTS[which])
    both = Both(by_key(rows()), by_key(candidate))
    for name in RULES:
        check, mine = verdict.check(name), listed.filter(check=name)
        counted = Counter(
            ((shop, day), column)
            for shop, day, column in mine.select("shop", "day", "column").rows()
        )
        assert counted == expected(check, both), (name, check.status, check.groups)
        assert check.offending == counted.total()


@examples(4)
@given(candidates(), st.sampled_from(sorted(CONTRACTS)), st.data())
def test_waived_keys_stay_offenders(
    candidate: pl.DataFrame, which: str, data: st.DataObject
) -> None:
    """A waiver with keys lets a check through that would pass without them; what it counts and
    names stays.
    """
    contract = CONTRACTS[which]
    before, listed = judged(candidate, contract)
    failed = [
        check.name for check in before.checks if check.status == "fail" and check.name in RULES
    ]
    if not failed:
        return
    name = data.draw(st.sampled_from(failed))
    keys = listed.filter(check=name).select("shop", "day").unique(maintain_order=True)
    keys = keys.head(data.draw(st.integers(1, keys.height)))
    after, waived = judged(candidate, contract, [waiver(name, keys)])
    others = (frame.join(keys, on=keys.columns, how="anti") for frame in (candidate, rows()))
    rest, _ = judged(next(others), contract, before=next(others))
    assert after.check(name).status == (
        "fail" if rest.check(name).status in ("fail", "error") else "waived"
    )
    assert (after.check(name).offending, after.check(name).offenders) == (
        before.check(name).offending,
        before.check(name).offenders,
    )
    assert waived.drop("status").equals(listed.drop("status"))


def waiver(check: str, keys: pl.DataFrame) -> Waiver:
    """An exception of some keys of the version that is judged."""
    texts = [list(key) for key in keys.cast(pl.String).rows()]
    until = JUDGED + timedelta(days=1)
    return Waiver(1, "many", 2, "snapshot-2", check, texts, "why", "ada", JUDGED, until)


def test_a_group_is_held_to_its_own_limit_key_by_key() -> None:
    """Everything moves by a twentieth: a third of the keys is in a group that may not, and one shop
    may less still.
    """
    prices = ("units", "lower_80", "upper_80")
    verdict, listed = judged(rows().with_columns(pl.col(*prices) * 1.05), CONTRACTS["grouped"])
    check, mine = verdict.check("p95_change"), listed.filter(check="p95_change")
    assert {(group.column, group.group): group.status for group in check.groups} == {
        (None, None): "pass",
        ("region", "north"): "fail",
        ("shop", "s007"): "fail",
    }
    # the north has a key in three, the first included, and s007 lies in the south
    assert sorted(mine["shop"]) == sorted([f"s{i:03d}" for i in range(0, N, 3)] + ["s007"])
    assert check.offending == N / 3 + 1
    assert (
        judged(rows().with_columns(pl.col(*prices) * 1.05), CONTRACTS["plain"])[0]
        .check("p95_change")
        .offending
        == 0
    )


def test_what_is_waived_in_a_group_is_held_to_its_limit() -> None:
    """Without the shop that has limits of its own, the group beside it still fails by its own."""
    moved, contract = (
        rows().with_columns(pl.col("units", "lower_80", "upper_80") * 1.05),
        CONTRACTS["grouped"],
    )
    shop = rows().filter(shop="s007").select("shop", "day")
    verdict, _ = judged(moved, contract, [waiver("p95_change", shop)])
    assert verdict.check("p95_change").status == "fail"
    north = (
        rows()
        .filter((pl.col("region") == "north") | (pl.col("shop") == "s007"))
        .select("shop", "day")
    )
    verdict, _ = judged(moved, contract, [waiver("p95_change", north)])
    assert (verdict.check("p95_change").status, verdict.check("p95_change").offending) == (
        "waived",
        N / 3 + 1,
    )


@examples(8)
@given(candidates())
def test_the_worst_come_first(candidate: pl.DataFrame) -> None:
    """What has a size stands by it, whatever its column; what has none by column and key."""
    _, listed = judged(candidate, CONTRACTS["plain"])
    both = Both(by_key(rows()), by_key(candidate))

    def values(check: str, size: Callable[[Row, Row, str], float]) -> list[float]:
        mine = listed.filter(check=check).select("shop", "day", "column").rows()
        return [
            size(both.old[shop, day], both.new[shop, day], column) for shop, day, column in mine
        ]

    for check, size in {
        "p95_change": lambda old, new, name: r_of(old[name], new[name]),
        # every half width is 1
        "z_beyond_one": lambda old, new, _: abs(new["units"] - old["units"]),
        "outside_old_interval": lambda old, new, _: max(
            old["lower_80"] - new["units"], new["units"] - old["upper_80"]
        ),
        "sign_flips": lambda old, new, name: sum(
            math.asinh(abs(row[name]) / 2) for row in (old, new)
        ),
    }.items():
        sizes = values(check, size)
        assert all(a >= b - 1e-9 for a, b in pairwise(sizes)), check
    for check in ("removed_keys", "added_keys", "label_churn"):
        keys = listed.filter(check=check).select("shop").to_series()
        assert keys.is_sorted(), check


def test_what_is_in_no_group_may_not_vanish_unseen() -> None:
    """All keys but those of the group are gone: that is said of them, and nothing else is wrong
    with no rows.
    """
    verdict, listed = judged(rows().filter(region="north"), CONTRACTS["grouped"])
    gone = verdict.check("removed_keys")
    assert [(group.column, group.status) for group in gone.groups] == [
        (None, "fail"),
        ("region", "pass"),
    ]
    assert gone.offending == listed.filter(check="removed_keys").height == N * 2 / 3
    assert verdict.check("hard_bounds").status == "pass"


def test_a_key_at_its_limit_by_all_but_the_last_bits_is_none() -> None:
    """Where rounding alone is between a value and its limit, the check passes, and no key speaks
    against it.
    """
    of = parse_contract(
        PLAIN + f"[gate.checks.extreme_move]\nwarn = {5 * (1 - 1e-13)!r}\nblock = 6\n"
    )
    new = rows().with_columns(
        units=pl.when(pl.col("shop") == "s001").then(pl.col("units") + 5).otherwise("units")
    )
    check = judged(new, of)[0].check("extreme_move")
    assert (check.status, check.value, check.offending) == ("pass", 5, 0)
