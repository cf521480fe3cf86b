"""Stage 3, keys and kinds: what vanished, what appeared, what lost its value, and whether anything
is new at all.
"""

from __future__ import annotations

from estimates.gate import changed_rows
from estimates.gate.cells import missing
from estimates.gate.check import Measure, Skip
from estimates.gate.checks.values import duplicates, twins
from estimates.gate.evaluation_context import Case
from estimates.gate.from_report import common


def comparable(case: Case) -> Measure:
    """Protects from a baseline that is damaged, or so old that all its targets have passed.

    Metric: keys in both versions. Block below 1. Everything that compares keys depends on it, so
    that one waiver lets such a version through when somebody has looked at it. Source: gate.md 21.
    """
    keys = case.report.keys
    gone = f", {keys.elapsed} keys of the baseline have elapsed" if keys.elapsed else ""
    return Measure(keys.common, keys.common, f"{keys.common} keys in both versions{gone}")


def removed_keys(case: Case) -> Measure:
    """Protects from keys that vanish. Metric: removed keys as a share of the baseline's.

    Warn above 0.5 %, block above 2 %. Source: gate.md 21 (a starting point), stability.md K1.
    """
    keys = case.report.keys
    message = f"{keys.removed} of {keys.n_from} keys of the baseline gone"
    return Measure(keys.removed_share, keys.n_from, message, lots=changed_rows.removed(case))


def added_keys(case: Case) -> Measure:
    """Protects from keys that appear unexpectedly. Metric: added keys as a share of the baseline's.

    Warn above 5 %, block above 20 %. Source: gate.md 22 (a starting point), stability.md K1.
    """
    keys = case.report.keys
    message = f"{keys.added} of {keys.n_to} keys new, the baseline has {keys.n_from}"
    return Measure(keys.added_share, keys.n_to, message, lots=changed_rows.added(case))


def finite_to_null(case: Case) -> Measure:
    """Protects from estimates that were there and are not any more. Metric: cells that were finite
    and are not.

    Block above 0. Source: gate.md 23, stability.md K2.
    """
    n = common(case)
    lost: dict[str, int] = {}
    for name, column in case.report.columns.items():
        into = column.kinds.get("finite", {})
        lost[name] = sum(times for kind, times in into.items() if kind not in ("finite", "absent"))
    lots = [lot for name, times in lost.items() if times for lot in changed_rows.lost(case, name)]
    value = sum(lost.values())
    columns = ", ".join(f"{times} in {name}" for name, times in lost.items() if times)
    message = f"estimates that the baseline has and this version has not: {columns or 'none'}"
    return Measure(value, n, message, lots=lots)


def unchanged(case: Case) -> Measure:
    """Protects from a stale copy published as new. Metric: common keys with anything different.

    Warn below 1; block below 1 when the version claims newer data than its baseline's and has
    floats among its estimates, which newer data always move. Source: gate.md 24, stability.md K3.
    """
    n = common(case)
    share = case.report.keys.identical_share
    assert share is not None, "there are common keys"
    changed = round(n * (1 - share))
    message = f"{changed} of {n} common keys with anything different from the baseline"
    newer = _newer(case) and any(
        case.frame.schema[name].is_float() for name in case.contract.judged
    )
    return Measure(changed, n, message, warn=1, block=1 if newer else None)


def new_duplicates(case: Case) -> Measure | Skip:
    """Protects from one key's estimates given to another where that was not so before.

    Metric: growth of `duplicate_content`'s share against the baseline. Block above 2 %. Source:
    gate.md 20.
    """
    found, n = case.once("twins", lambda: twins(case))
    if found is None:
        return Skip("no_float_estimates")
    if not found.height:
        return Measure(0, n, "no row has the same estimates as another one")
    before, m = duplicates(case.before, case)
    assert before is not None, "both versions have the contract's types"
    value = max(found.height / max(n, 1) - before.height / max(m, 1), 0.0)
    fresh = found.join(before.select(case.key), on=case.key, how="anti")
    message = (
        f"{found.height} of {n} rows with the same estimates as another row, {before.height} of "
        f"{m} in the baseline"
    )
    return Measure(
        value, n, message, lots=missing(case, fresh, "the same estimates as another key")
    )


def _newer(case: Case) -> bool:
    now, before = case.candidate.provenance, case.baseline.provenance if case.baseline else None
    return now is not None and before is not None and now.data_through > before.data_through
