"""An answer in the form that was negotiated."""

from __future__ import annotations

import io

from estimates.contract.contract import Contract
from estimates.reading import tabular
from estimates.reading.answer import Answer
from estimates_api.http.negotiation import CSV, NDJSON, PARQUET
from estimates_api.http.representation import JSON

# where it says more than the media type
CONTENT_TYPES = {CSV: "text/csv; charset=utf-8; header=present"}


def written(answer: Answer, contract: Contract, form: str) -> bytes:
    """The body of an answer in one of `negotiation.TABLES` or as Parquet; the contract is of the
    version's shape.
    """
    if form == JSON:
        return answer.json
    if form == NDJSON:
        return tabular.ndjson(answer.json)
    frame = answer.frame(contract)
    if form == CSV:
        return tabular.csv(frame)
    if form == PARQUET:
        file = io.BytesIO()
        frame.write_parquet(file)
        return file.getvalue()
    if answer.version is None:
        return tabular.arrow(frame, {"set": answer.set})
    return tabular.arrow(frame, {"set": answer.version.set, "version": str(answer.version.version)})
