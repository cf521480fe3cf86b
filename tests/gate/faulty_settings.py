"""Settings with something wrong in them, for the tests of the checks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from estimates.catalog.records import Waiver
from estimates.contract.contract_file import parse_contract
from estimates.gate.evaluation import evaluate
from estimates.gate.offender_table import Offenders
from estimates.gate.production_history import ProductionHistory
from estimates.gate.verdict import Verdict
from tests.gate.cases import (
    JUDGED,
    MANY,
    THROUGH,
    TICKERS,
    Setting,
    contract,
    edit,
    frame,
    many,
    many_rows,
    many_setting,
    outcomes,
    provenance,
    simple,
    stored,
)


def faulty(where: str) -> Setting:
    """The clean candidate with something wrong in the store."""
    return Setting(candidate={"faults": {where: f"{where} is damaged"}})


def duplicated() -> pl.DataFrame:
    """The clean candidate with its first row twice."""
    return pl.concat([frame(1.001), frame(1.001).head(1)])


def minimum(rows: int) -> Setting:
    """A set with an open domain of at least 20 keys."""
    content = pl.DataFrame(
        {"k": [str(i) for i in range(rows)], "v": [1.0 + i for i in range(rows)]}
    )
    return Setting(
        simple(more='[domain]\nkind = "open"\nminimum = 20'),
        content,
        content.with_columns(pl.col("v") * 1.01),
    )


def first(column: str, factor: float, rows: int, **more: Any) -> Setting:
    """A thousand keys, the first of them with a column multiplied."""
    return many_setting(
        lambda f: f.with_columns(
            pl.when(pl.col("k") < rows).then(pl.col(column) * factor).otherwise(pl.col(column))
        ),
        **more,
    )


def scaled(factor: float, **more: Any) -> Setting:
    """A thousand keys, all points and intervals multiplied."""
    return many_setting(lambda f: f.with_columns(pl.col("v", "low", "high") * factor), **more)


def two_levels(inner: float, outer: float, **columns: pl.Expr) -> Setting:
    """A thousand keys with an 80 % and a 95 % interval of such widths, columns replaced."""
    more = "".join(
        f'[columns.{end}_{level}]\nrole = "{end}"\nlevel = 0.{level}\n'
        for end in ("lower", "upper")
        for level in (80, 95)
    )
    v = pl.col("v")
    rows = many_rows().select("k", "v").with_columns(lower_80=v / inner, upper_80=v * inner)
    rows = rows.with_columns(lower_95=v / outer, upper_95=v * outer).with_columns(**columns)
    return Setting(
        parse_contract(f'name = "levels"\n[key.k]\ntype = "integer"\n[columns.v]\n{more}'),
        rows,
        None,
    )


def without_width(rows: pl.DataFrame) -> pl.DataFrame:
    """Two keys of a thousand have intervals without width."""
    return rows.with_columns(
        pl.when(pl.col("k") < 2).then(pl.col("v")).otherwise(n).alias(n) for n in ("low", "high")
    )


def stale() -> Setting:
    """The baseline's rows with the claim that they come from newer data."""
    newer = provenance(data_through=THROUGH + timedelta(hours=1))
    return Setting(
        frame=frame(), candidate={"provenance": newer, "published_at": THROUGH + timedelta(hours=2)}
    )


def spread(by: float, tickers: int) -> Setting:
    """The clean candidate, the quantiles of the first tickers so many times as far apart."""
    first = pl.col("ticker").is_in(list(TICKERS[:tickers]))
    middle = pl.col("q50")
    return edit(
        **{
            n: pl.when(first).then(middle + by * (pl.col(n) - middle)).otherwise(n)
            for n in ("q10", "q90")
        }
    )


def widened(by: float) -> Setting:
    """A thousand keys with intervals of another width."""
    point = pl.col("v")
    return many_setting(
        lambda f: f.with_columns(
            low=point - (point - pl.col("low")) * by, high=point + (pl.col("high") - point) * by
        )
    )


def relabelled(rows: int, **more: Any) -> Setting:
    """A thousand keys, the first so many of those that were `no` being `yes`."""
    change = (pl.col("label") == "no") & (pl.col("k") < 2 * rows)
    return many_setting(
        lambda f: f.with_columns(
            label=pl.when(change).then(pl.lit("yes")).otherwise(pl.col("label"))
        ),
        **more,
    )


def shuffled(rows: pl.DataFrame) -> pl.DataFrame:
    """The same estimates under other keys."""
    return pl.concat(
        [rows.select("k"), rows.drop("k").sample(fraction=1, shuffle=True, seed=1)],
        how="horizontal",
    )


def dethroned(rows: pl.DataFrame) -> pl.DataFrame:
    """The five largest estimates fall below the others of the top ten."""
    top = pl.col("v").rank("ordinal", descending=True)
    return rows.with_columns(
        pl.when(top <= 5).then(pl.col("v") * 0.98).otherwise(pl.col("v")).alias("v")
    )


def frozen_part(share: float) -> Setting:
    """Three versions in production, and a share of the keys the same in all of them."""
    rows, still = many_rows(), pl.col("k") < share * 1000
    moved = [
        rows.with_columns(pl.when(still).then(pl.col("v")).otherwise(pl.col("v") * f).alias("v"))
        for f in (1, 1.001, 1.002)
    ]
    of = parse_contract(MANY.replace("[stability]", "[stability]\nfrozen_after = 3"))
    return Setting(
        of,
        moved[2],
        moved[1],
        history=ProductionHistory(frames=lambda count: moved[:2][-count:]),
        candidate=newer(),
    )


def volatile(factor: float) -> Setting:
    """One of the largest keys of a volatile set multiplied."""
    first = pl.when(pl.col("k") < 1).then(factor).otherwise(1.0)
    return many_setting(
        lambda rows: rows.with_columns(pl.col("v", "low", "high") * first),
        contract=many('[gate]\nprofile = "volatile"\n'),
    )


def volatile_spread(factor: float) -> Setting:
    """The ranges of a volatile set that much wider around the same level."""
    ends = ("lower_80", "upper_80", "q10", "q90")
    wide = frame().with_columns(
        (pl.col("close") + factor * (pl.col(name) - pl.col("close"))).alias(name) for name in ends
    )
    return Setting(contract(more='\n[gate]\nprofile = "volatile"\n'), wide)


def newer() -> dict[str, Any]:
    """A candidate that saw an hour more than its baseline."""
    return {"provenance": provenance(data_through=THROUGH + timedelta(hours=1))}


def usual(share: float) -> ProductionHistory:
    """Twenty moves of production that changed so many keys materially."""
    return ProductionHistory(material_shares=lambda: {"v": [share] * 20})


def observed(**columns: pl.Expr) -> Setting:
    """A thousand keys whose outcomes are known, and the candidate with columns replaced."""
    return Setting(many(), many_rows().with_columns(**columns), many_rows(), actuals=outcomes())


def tenth_wider() -> pl.Expr:
    """Upper ends of which a tenth reaches the values that lay above."""
    return pl.when(pl.col("k") % 10 == 8).then(pl.col("v") * 1.3).otherwise(pl.col("high"))


def half_right() -> pl.DataFrame:
    """Outcomes after which half of the first sixty labels that changed became right and half became
    wrong.
    """
    return outcomes().with_columns(
        label=pl.when(pl.col("k") < 60).then(pl.lit("yes")).otherwise(pl.col("label"))
    )


def worse_by_day() -> Setting:
    """Forty days of one key, nearly each a little worse than the baseline."""
    of = parse_contract('name = "days"\n[key.day]\ntype = "date"\ntarget = true\n[columns.v]\n')
    days = [THROUGH.date() + timedelta(days=i + 1) for i in range(40)]
    truth = [100.0 + i for i in range(40)]
    before = [y + 1 for y in truth]
    now = [y + (1.1 if i % 7 else 0.95) for i, y in enumerate(truth)]
    frames = [pl.DataFrame({"day": days, "v": values}) for values in (now, before, truth)]
    return Setting(of, frames[0], frames[1], actuals=frames[2])


class Waived(Setting):
    """The clean candidate with an exception."""

    waivers: tuple[Waiver, ...] = ()

    def evaluate(self, offenders: Offenders | None = None) -> Verdict:
        """The verdict of the gate."""
        return evaluate(
            self.contract,
            stored(self.frame, self.contract),
            stored(frame(), self.contract, version=1),
            judged_at=JUDGED,
            contract_revision=1,
            waivers=self.waivers,
            offenders=offenders,
        )


def waived(snapshot: str, check: str = "p95_change", **changed: Any) -> Waived:
    """The clean candidate with a waiver of one check for some content, in force for an hour."""
    fields: dict[str, Any] = {"keys": None, "until": JUDGED + timedelta(hours=1)}
    setting = Waived(**{name: changed.pop(name) for name in ("frame",) if name in changed})
    waiver = Waiver(
        7,
        "prices",
        2,
        snapshot,
        check,
        reason="checked",
        actor="ann",
        at=JUDGED - timedelta(hours=1),
        **fields | changed,
    )
    setting.waivers = (waiver,)
    return setting


def other_shape(old: str, new: str) -> Any:
    """The shape of the contract with one word changed."""
    return contract(old, new).shape()


def limited(check: str, block: float, warn: float | None = None) -> Any:
    """The contract with limits of its own for one check."""
    return contract(
        more=f"[gate.checks.{check}]\nblock = {block}\n"
        + (f"warn = {warn}\n" if warn is not None else "")
    )


def copied() -> pl.DataFrame:
    """The clean candidate, the second row's estimates being the first one's (both with a trend)."""
    rows = frame(1.001)
    estimates = [name for name in rows.columns if name not in ("ticker", "target_date")]
    second = pl.int_range(pl.len()) == 2
    return rows.with_columns(
        pl.when(second).then(pl.col(n).shift(1)).otherwise(pl.col(n)).alias(n) for n in estimates
    )
