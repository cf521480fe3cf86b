"""Stage 3, against the set's own past: estimates that stand still, and more change than ever
before.
"""

from __future__ import annotations

import numpy as np

from estimates.gate import changed_rows
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case
from estimates.gate.from_report import of_column, scalars
from estimates.gate.offenders import lots_of

FEWEST_MOVES = 20  # moves of production from which what is usual can be said


def unusual_change(case: Case) -> Measure | Skip:
    """Protects from a version that changes more than any before.

    Metric: share of materially changed keys beyond the 99 % quantile of the set's own moves. The
    worst column counts; at least 20 moves of production are needed. Warn above 0. Source: gate.md
    25, stability.md S2.
    """
    usual = {
        name: shares
        for name, shares in case.past.material_shares().items()
        if len(shares) >= FEWEST_MOVES
    }
    found = [
        (
            max(scalar.material_share - float(np.quantile(usual[name], 0.99)), 0.0),
            name,
            column,
            scalar,
        )
        for name, column, scalar in scalars(case)
        if name in usual
    ]
    if not found:
        return Skip("fewer_than_20_moves")
    value, worst, column, scalar = max(found, key=lambda item: item[:2])
    most = float(np.quantile(usual[worst], 0.99))
    message = (
        f"{100 * scalar.material_share:.3g} % of the keys changed materially in {worst}; 99 % of "
        "the last "
        f"{len(usual[worst])} moves changed at most {100 * most:.3g} %"
    )
    lots = [
        lot for beyond, name, _, _ in found if beyond for lot in changed_rows.material(case, name)
    ]
    return of_column(value, column, message, lots=lots)


def frozen(case: Case) -> Measure | Skip:
    """Protects from estimates that nobody computes any more.

    Metric: share of keys whose estimates are bit-identical in this and the last versions. How many
    versions, and that estimates should move at all, says the contract's stability.frozen_after.
    Warn above 1 %, block above 4 %. Source: gate.md 24, stability.md K4.
    """
    from estimates.stability.through_time.frozen import frozen_report, still

    after = case.contract.stability.frozen_after
    if after is None:
        return Skip("not_in_contract")
    before = case.past.frames(after - 1)
    if len(before) < after - 1:
        return Skip("too_few_versions")
    stood = still([*before, case.frame], case.contract)
    report = frozen_report(stood, case.contract)
    if report.frozen_share is None:
        return Skip(report.reason or "no_comparable_keys")
    message = (
        f"{round(report.frozen_share * report.n)} of {report.n} keys the same in the last "
        f"{report.versions} versions"
    )
    lots = lots_of(
        stood.frame, case.key, stood.rows, None, (f"the same in {report.versions} versions",)
    )
    return Measure(report.frozen_share, report.n, message, lots=lots)
