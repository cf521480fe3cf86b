"""The headline of a whole report, as `headline_only` measures it."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from estimates.contract.contract import Contract
from estimates.stability.headline import headline
from estimates.stability.report import ColumnReport, Report


def has_headline(contract: Contract, of_headlines: Contract) -> bool:
    """Whether reports by a contract have the numbers that its headlines are made of: these measure
    the same columns, and no labels, of which a headline counts less.
    """
    roles = {contract.columns[name].role for name in contract.judged}
    return contract.columns == of_headlines.columns and "label" not in roles


def headline_part(report: Report) -> Report:
    """What `headline_only` gives of the same two versions, where `has_headline`."""
    if report.headline_only:
        return report
    keys = replace(report.keys, added_keys=[], removed_keys=[], near=UNSET)
    columns = {name: _numbers(column) for name, column in report.columns.items()}
    return replace(
        report,
        headline=headline(keys, columns, report.identical),
        headline_only=True,
        keys=keys,
        columns=columns,
        intervals=[],
        quantiles=[],
        probabilities=None,
        carried={},
    )


def _numbers(column: ColumnReport) -> ColumnReport:
    scalar = column.scalar
    return ColumnReport(
        role=column.role,
        unit=column.unit,
        n=column.n,
        coverage=column.coverage,
        kinds=column.kinds,
        kind_loss_share=column.kind_loss_share,
        kind_gain_share=column.kind_gain_share,
        kind_loss_keys=[],
        reason=column.reason,
        scalar=None if scalar is None else replace(scalar, top=[], sign_flip_keys=[]),
    )
