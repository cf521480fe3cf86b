"""An answer in the form that was negotiated."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import msgspec
import polars as pl

from estimates.catalog.records import Version, VersionHead
from estimates.contract.contract import Contract
from estimates.reading import tabular
from estimates.reading.answer import Answer
from estimates.reading.version_reader import mark_of
from estimates_api.http.representation import (
    CSV,
    CSV_WITHOUT_FORMULAS,
    JSON,
    NDJSON,
    PARQUET,
)

_CSV_TYPE = "text/csv; charset=utf-8; header=present"
_CONTENT_TYPES = {CSV: _CSV_TYPE, CSV_WITHOUT_FORMULAS: _CSV_TYPE}


def content_type(form: str) -> str:
    """The Content-Type of a form: for CSV it says more than the media type."""
    return _CONTENT_TYPES.get(form, form)


def write_form(
    form: str,
    json: Callable[[], bytes],
    frame: Callable[[], pl.DataFrame],
    metadata: Mapping[str, str],
    lines: Callable[[], bytes] | None = None,
) -> bytes:
    """The body in one of `representation.TABLES` or as Parquet.

    json, frame, lines  give the answer as JSON, as rows, as NDJSON (default: the rows of the JSON);
                        only the needed one is called
    metadata            of the Arrow schema
    """
    if form == JSON:
        return json()
    if form == NDJSON:
        return tabular.ndjson(json()) if lines is None else lines()
    if form in _CONTENT_TYPES:
        return tabular.csv(frame(), formulas=form == CSV)
    if form == PARQUET:
        file = io.BytesIO()
        frame().write_parquet(file)
        return file.getvalue()
    return tabular.arrow(frame(), metadata)


def write_answer(answer: Answer, contract: Contract, form: str) -> bytes:
    """The body of an answer; the contract is of the version's shape."""
    version = answer.version
    return write_form(
        form,
        lambda: answer.json,
        lambda: answer.frame(contract),
        {"set": answer.set} if version is None else metadata_of(version),
    )


def metadata_of(version: Version | VersionHead) -> dict[str, str]:
    """What the schema of an Arrow table says of the version that its rows are of."""
    metadata = {"set": version.set, "version": str(version.version)}
    carried = version.provenance.carried_over if isinstance(version, Version) else None
    if carried is not None:
        metadata["carried_over"] = msgspec.json.encode(mark_of(carried)).decode()
    return metadata
