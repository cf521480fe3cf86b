"""C5: how the probabilities of labels moved together, as one distribution a key."""

from __future__ import annotations

import math

import numpy as np

from estimates.contract.contract import Contract
from estimates.contract.probability_sums import beyond, sum_tolerance
from estimates.stability.aligned import AlignedVersions
from estimates.stability.alignment import Mask
from estimates.stability.family_reports import Divergence, ProbabilityMove, ProbabilityReport
from estimates.stability.kernels.logarithms import log
from estimates.stability.kernels.selection import largest_first, quantiles
from estimates.stability.scalar import mean_of
from estimates.stability.value_kinds import ColumnValues, Floats

_TOP = 20
_NEGATIVE = -1e-9
_LN2 = math.log(2)


def measure(pair: AlignedVersions) -> ProbabilityReport | None:
    """Compare the probability vectors of the common keys; None when the contract has no
    probabilities.
    """
    contract = pair.contract
    names = contract.of_role("probability")
    if not names:
        return None
    labels = [str(contract.columns[name].label) for name in names]
    has_rest = _has_rest(contract, labels)
    both = [pair.common(name) for name in names]
    old, new = ([values[side].numbers for values in both] for side in (0, 1))
    allowed = [sum_tolerance(contract, side) for side in (pair.alignment.a, pair.alignment.b)]
    wrong = _invalid(old, has_rest, allowed[0]) | _invalid(new, has_rest, allowed[1])
    valid = _finite(old) & _finite(new) & ~wrong
    n, common = int(valid.sum()), pair.alignment.common
    rows = np.flatnonzero(valid)
    old, new = (_vectors([column[rows] for column in side], has_rest) for side in (old, new))
    tv = np.sum([np.abs(q - p) for p, q in zip(old, new, strict=True)], axis=0) / 2
    return ProbabilityReport(
        columns=names,
        labels=labels,
        rest=has_rest,
        n=n,
        coverage=n / common if common else None,
        invalid_from=_invalid_rows([pair.all_old(name) for name in names], has_rest, allowed[0]),
        invalid_to=_invalid_rows([pair.all_new(name) for name in names], has_rest, allowed[1]),
        tv=_statistics(tv) if n else None,
        jsd=_statistics(_jsd(old, new)) if n else None,
        top=_top(pair, tv, rows) if n else [],
        reason=None if n else "no_comparable_keys",
    )


def _has_rest(contract: Contract, labels: list[str]) -> bool:
    """Whether not every label has a column: of one column alone, or of a vocabulary that has more
    labels.
    """
    vocabularies = [
        set(column.labels) for column in contract.columns.values() if column.labels is not None
    ]
    return len(labels) == 1 or any(set(labels) < vocabulary for vocabulary in vocabularies)


def _finite(columns: list[Floats]) -> Mask:
    return np.logical_and.reduce([np.isfinite(column) for column in columns])


def _invalid_rows(columns: list[ColumnValues], has_rest: bool, allowed: float) -> int:
    return int(_invalid([column.numbers for column in columns], has_rest, allowed).sum())


def _invalid(columns: list[Floats], has_rest: bool, allowed: float) -> Mask:
    """Finite vectors with a negative part, or a sum that is not 1 (with a rest: above 1)."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = sum(columns[1:], start=columns[0])
        off = beyond(total - 1 if has_rest else np.abs(total - 1), allowed)
    return _finite(columns) & (
        off | np.logical_or.reduce([column < _NEGATIVE for column in columns])
    )


def _vectors(columns: list[Floats], has_rest: bool) -> list[Floats]:
    """Valid vectors, noise below 0 cut off, with what is missing to 1 as one more part."""
    columns = [np.maximum(column, 0.0) for column in columns]
    if has_rest:
        columns.append(np.maximum(1 - sum(columns[1:], start=columns[0]), 0.0))
    return columns


def _jsd(old: list[Floats], new: list[Floats]) -> Floats:
    """Jensen–Shannon divergence in bits, with 0 · log 0 = 0 (J. Lin, 1991); from 0 to 1."""
    total = np.zeros(len(old[0]))
    for p, q in zip(old, new, strict=True):
        middle = (p + q) / 2
        for part in (p, q):
            ratio = np.divide(part, middle, out=np.ones(len(part)), where=part > 0)
            total += part * log(ratio) / (2 * _LN2)
    return np.maximum(total, 0.0)


def _statistics(x: Floats) -> Divergence:
    return Divergence(mean_of(x), quantiles(x, 0.95)[0], float(x.max()))


def _top(pair: AlignedVersions, tv: Floats, rows: np.ndarray) -> list[ProbabilityMove]:
    picked = largest_first(_TOP, len(tv), lambda rows: tv[rows])
    picked = picked[tv[picked] > 0]
    keys = pair.alignment.keys(rows[picked])
    return [ProbabilityMove(key, float(tv[i])) for key, i in zip(keys, picked, strict=True)]
