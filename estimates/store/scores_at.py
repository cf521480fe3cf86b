"""What was known when, against actual values: of each key what a release, a lag or a deadline
gives.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from estimates.accuracy.accuracy_report import Accuracy
from estimates.accuracy.actuals import read_actuals
from estimates.accuracy.score import score
from estimates.catalog.at import At
from estimates.reading.row_query import OF_VERSION, query_rows
from estimates.reading.row_request import RowQuery, RowRelease
from estimates.store.open_store import OpenStore

MANY = 0  # in place of a version's number: its rows come from many


def score_at(
    store: OpenStore,
    name: str,
    frame: pl.DataFrame,
    *,
    at: At,
    vintage: datetime | str | None,
    release: RowRelease,
) -> Accuracy:
    """Score the rows that a query of many versions gives; nothing is stored.

    frame  actual values: see `actuals.read_actuals`
    The scores have MANY as their version, and no `data_through`.
    Raises what `query_rows` and `read_actuals` raise.
    """
    request = RowQuery(
        release=release.get("release"), lag=release.get("lag"), deadline=release.get("deadline")
    )
    reader = store.reader()
    rows = query_rows(reader, store.columns, name, request, at)
    of_set = reader.view.set(name)
    revision = of_set.newest_of(of_set.present_shape)
    contract = of_set.revision(revision)
    actuals = read_actuals(frame, contract, vintage)
    estimates = rows.drop(OF_VERSION, strict=False)
    return score(
        estimates,
        actuals,
        contract,
        version=MANY,
        contract_revision=revision,
        through=None,
    )
