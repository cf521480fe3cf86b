"""Check `equal_quantiles`: a distribution is more than one number."""

from collections.abc import Iterator, Sequence

import polars as pl

from estimates.contract.shape import Interval
from estimates.gate.broken_rules import RowRule, broken_share, quantile_grids
from estimates.gate.check import Check, Measure, Skip
from estimates.gate.evaluation_context import EvaluationContext
from estimates.gate.from_report import WIDE

_FEWEST = 3  # quantiles; two are an interval, which `zero_width` looks at where it is declared


def _share_of_single_numbers(context: EvaluationContext) -> Measure:
    """Rows whose quantiles are all the same number, or those of a wide pair; narrow pairs share a
    number by nature where numbers are whole. A row counts once, by its widest pair.
    """
    grids = [names for names in quantile_grids(context) if len(names) >= _FEWEST]
    columns = context.contract.columns
    bare = set(context.contract.samples) - {c.from_samples for c in columns.values()}
    if not grids and not bare:
        raise Skip("not_in_contract")
    pairs = [pair for pair in context.contract.all_intervals() if pair.from_quantiles]
    wide = sorted((pair for pair in pairs if pair.level >= WIDE), key=lambda pair: -pair.level)
    rules: list[RowRule] = []
    for names in grids:
        rules += _rules(context, names, [pair for pair in wide if pair.lower in names])
    for name in sorted(bare):
        draws = pl.col(name).list
        rules.append(RowRule(name, draws.min() == draws.max(), "all draws are the same", ()))
    n = context.height * (len(grids) + len(bare))
    return broken_share(context, rules, n, "distributions that are one number")


def _rules(
    context: EvaluationContext, names: list[str], wide: Sequence[Interval]
) -> Iterator[RowRule]:
    counted = pl.min_horizontal(names) == pl.max_horizontal(names)
    yield RowRule(
        names[0], counted, f"all {len(names)} quantiles are the same", (names[0], names[-1])
    )
    for pair in wide:
        has_none = _has_no_width(context, pair)
        why = f"the {100 * pair.level:g} % interval has no width"
        yield RowRule(pair.lower, has_none & ~counted, why, (pair.lower, pair.upper))
        counted = counted | has_none


def _has_no_width(context: EvaluationContext, pair: Interval) -> pl.Expr:
    """Whether both ends are one number that is no natural bound, as 0 is for counts."""
    lower, columns = pl.col(pair.lower), context.contract.columns
    ends = columns[pair.lower], columns[pair.upper]
    bounds = [bound for end in ends for bound in (end.min, end.max) if bound is not None]
    at_bound = lower.is_in(bounds) | ((lower == 0) & (lower.min() >= 0))
    return ((lower == pl.col(pair.upper)) & ~at_bound).fill_null(False)


CHECK = Check(
    number=13,
    name="equal_quantiles",
    title="Quantiles differ",
    stage=2,
    measure=_share_of_single_numbers,
    purpose="certainty nobody has, in a set of quantiles",
    metric="share of rows whose quantiles, three or more, are all the same, or those of a pair "
    "from 80 % on, if at no natural bound",
    turned_on_by="columns of role quantile",
    unit="share",
    warn=0,
)
