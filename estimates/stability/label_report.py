"""The report of labels (C), as Structs; docs/stability.md has the formulas."""

from __future__ import annotations

import msgspec


class LabelChange(msgspec.Struct, frozen=True):
    """One key's label in A and in B; None is a label of its own."""

    key: list[str]
    a: str | None
    b: str | None


class Transitions(msgspec.Struct, frozen=True):
    """C2: number of keys by label in A (row) and in B (column).

    labels  the 20 with the most keys in A and B together, by label, null first
    pooled  number of further labels; when there are any they are the last row and the last column
    """

    labels: list[str | None]
    counts: list[list[int]]
    pooled: int


class LabelFlow(msgspec.Struct, frozen=True):
    """C4: one label's keys.

    n_from, n_to  keys with this label in A and in B
    outflow_share of n_from, with another label in B; None when n_from is 0
    inflow_share  of n_to, with another label in A; None when n_to is 0
    prevalence_change  (n_to − n_from) / n
    """

    label: str | None
    n_from: int
    n_to: int
    outflow_share: float | None
    inflow_share: float | None
    prevalence_change: float


class LabelReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """C: labels on the common keys; null is a label of its own.

    churn        C1: share of the keys whose label changed, with its Wilson 95 % interval
    kappa        C3: Cohen's; None with `kappa_reason` `one_label` when all keys have one label in
                 both versions
    new_labels   labels of B that A does not have, over all their keys; gone_labels: the reverse
    changed      the first 20, by key
    transitions  C2; flows: C4, for the labels of `transitions`
    """

    n: int
    churn: float
    churn_low: float
    churn_high: float
    new_labels: list[str]
    gone_labels: list[str]
    changed: list[LabelChange]
    kappa: float | None = None
    kappa_reason: str | None = None
    transitions: Transitions | None = None
    flows: list[LabelFlow] = []
