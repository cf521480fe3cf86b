"""Stage 1, integrity: is this the content that was published, in the form that the contract
promises?
"""

from __future__ import annotations

import polars as pl

from estimates.contract import conform as frames
from estimates.contract.contract import Contract, OpenDomain, Shape, ShapeColumn
from estimates.errors import InvalidError
from estimates.gate.cells import missing
from estimates.gate.check import Measure, Skip
from estimates.gate.evaluation_context import Case
from estimates.gate.verdict import Offender


def manifest(case: Case) -> Measure | Skip:
    """Protects from judging content nobody vouches for. Metric: faults of the manifest.

    Block above 0. Source: gate.md 1.
    """
    fault = case.candidate.faults.get("manifest")
    if case.candidate.stored and fault is None and case.candidate.shape is None:
        fault = "the version has no manifest"
    return _fault(case, fault, "the manifest is there")


def content_digest(case: Case) -> Measure | Skip:
    """Protects from altered, exchanged or lost files. Metric: files unlike their digest.

    Block above 0. Source: gate.md 2.
    """
    return _fault(case, case.candidate.faults.get("content"), "every file matches its digest")


def readable(case: Case) -> Measure | Skip:
    """Protects from truncated files. Metric: faults of the Parquet file, a wrong row count among
    them.

    Block above 0. Source: gate.md 3.
    """
    candidate = case.candidate
    fault = candidate.faults.get("parquet")
    if fault is None and candidate.frame is None:
        fault = "the Parquet file cannot be read"
    if (
        fault is None
        and candidate.frame is not None
        and candidate.rows not in (None, candidate.frame.height)
    ):
        fault = f"the Parquet file has {candidate.frame.height} rows, the manifest says {candidate.rows}"
    return _fault(case, fault, "the Parquet file is readable and has the manifest's number of rows")


def schema(case: Case) -> Measure:
    """Protects from other columns, types, units, nominal levels or quantiles than the contract's.

    Metric: differences from the contract. Block above 0. Source: gate.md 4, stability.md K5.
    """
    differences = _stored_differences(case) if case.candidate.stored else _file_differences(case)
    value = len(differences)
    message = (
        f"differences from the contract: {value}"
        if value
        else "columns and types are the contract's"
    )
    return Measure(
        value, len(case.contract.key) + len(case.contract.columns), message, offenders=differences
    )


def unique_keys(case: Case) -> Measure:
    """Protects from rows that cannot be read by key: null parts, duplicates, parts that no URL path
    can hold.

    Metric: rows with a key that is null, not unique or unfit for a path. Block above 0. Source:
    gate.md 5.
    """
    frame, found = case.frame.select(case.key), list[tuple[str, pl.DataFrame]]()
    if not case.ascending:
        # rows are sorted by key, so that equal keys are neighbours
        same = pl.all_horizontal(
            pl.col(name) == pl.col(name).shift(1) for name in case.key
        ).fill_null(False)
        found = [
            (
                "a part of the key is null",
                frame.filter(pl.any_horizontal(pl.col(case.key).is_null())),
            ),
            (
                "the key appears more than once",
                frame.filter(same | same.shift(-1, fill_value=False)),
            ),
        ]
    for name in case.key:
        if case.contract.key[name].type == "string":
            why = f"{name} is empty, '.', '..' or has a NUL, which no URL path can hold"
            unfit = frames.unfit_part(name).fill_null(False)
            # most rows have a neighbour's part
            parts = (
                frame.lazy()
                .select(name)
                .filter((pl.col(name) != pl.col(name).shift(1)).fill_null(True))
            )
            some = parts.select(unfit.any()).collect().item()
            found.append((why, frame.filter(unfit) if some else frame.clear()))
    value = sum(rows.height for _, rows in found)
    return Measure(
        value,
        frame.height,
        f"{value} of {frame.height} rows with a key that is null, not unique or unfit for a path",
        lots=[lot for why, rows in found for lot in missing(case, rows, why)],
    )


def not_empty(case: Case) -> Measure:
    """Protects from publishing nothing. Metric: rows. Block below 1. Source: gate.md 6."""
    n = case.frame.height
    return Measure(n, n, f"rows: {n}")


def minimum_rows(case: Case) -> Measure | Skip:
    """Protects from half a table. Metric: rows. Block below the minimum of an open domain. Source:
    gate.md 6.
    """
    return (
        not_empty(case) if isinstance(case.contract.domain, OpenDomain) else Skip("not_in_contract")
    )


def minimum(contract: Contract) -> tuple[float | None, float | None]:
    """The limits of `minimum_rows`."""
    return None, contract.domain.minimum if isinstance(contract.domain, OpenDomain) else None


def lineage(case: Case) -> Measure:
    """Protects from numbers nobody can trace: who ran, up to when, and on what.

    Metric: what is missing of data_through, run_id and a digest of each input that the job
    declares; of a table that was computed elsewhere (it names no job), of any one digest. Block
    above 0. Source: gate.md 7.
    """
    origin = case.candidate.provenance
    digests = {given.name: given.digest for given in origin.inputs} if origin else {}
    wanted = {"data_through": origin is not None, "run_id": origin is not None}
    declared = sorted(case.contract.job.inputs) if case.contract.job else []
    if declared and digests and origin is not None and origin.job is None:
        declared = sorted(digests)
    for name in declared:
        wanted[f"digest of input {name}"] = bool(digests.get(name))
    return _recorded(wanted)


def reproducible(case: Case) -> Measure | Skip:
    """Protects from runs nobody can repeat.

    Metric: what is missing of the job's code revision, and of its seed when it has a parameter
    `seed`. Warn above 0. Source: gate.md 7. The MLflow run is not asked for here: it is recorded
    last, after this verdict.
    """
    job, origin = case.contract.job, case.candidate.provenance
    if job is None:
        return Skip("not_in_contract")
    wanted = {"code revision": origin is not None and bool(origin.code)}
    if "seed" in job.parameters:
        wanted["seed"] = origin is not None and origin.seed is not None
    return _recorded(wanted)


def _fault(case: Case, fault: str | None, fine: str) -> Measure | Skip:
    if fault is None:
        return Measure(0, 1, fine) if case.candidate.stored else Skip("not_stored")
    return Measure(1, 1, fault, offenders=[Offender(None, None, fault)])


def _recorded(wanted: dict[str, bool]) -> Measure:
    absent = [name for name, there in wanted.items() if not there]
    message = f"not recorded: {', '.join(absent)}" if absent else f"recorded: {', '.join(wanted)}"
    offenders = [Offender(None, None, f"{name} is not recorded") for name in absent]
    return Measure(len(absent), len(wanted), message, offenders=offenders)


def _file_differences(case: Case) -> list[Offender]:
    """What keeps a raw file from the contract's columns and types, as publish would see it."""
    assert case.candidate.frame is not None
    missing, extra = frames.column_differences(case.candidate.frame, case.contract)
    found = [Offender(None, name, "missing") for name in missing]
    found += [Offender(None, name, "not in the contract") for name in extra]
    if found:
        return found
    try:
        frames.typed(case.candidate.frame, case.contract)
    except InvalidError as error:
        return [Offender(None, str(error.details["column"]), error.message)]
    return []


def _stored_differences(case: Case) -> list[Offender]:
    """The manifest's shape against the contract's; when they agree, the Parquet file's columns and
    types.
    """
    assert case.candidate.shape is not None
    assert case.candidate.frame is not None
    found = _shape_differences(case.candidate.shape, case.contract.shape())
    if found:
        return found
    have, want = dict(case.candidate.frame.schema), frames.schema(case.contract)
    return [
        Offender(
            None,
            name,
            f"{have.get(name, 'missing')} in the file, {want.get(name, 'nothing')} in the contract",
        )
        for name in dict.fromkeys((*want, *have))
        if have.get(name) != want.get(name)
    ]


def _shape_differences(have: Shape, want: Shape) -> list[Offender]:
    found: list[Offender] = []
    if have.key != want.key:
        keys_have, keys_want = (
            ", ".join(f"{key.name} {key.type}" for key in shape.key) for shape in (have, want)
        )
        found.append(Offender(None, None, f"the key is {keys_have}; the contract says {keys_want}"))
    ours = {column.name: column for column in have.columns}
    theirs = {column.name: column for column in want.columns}
    for name in dict.fromkeys((*theirs, *ours)):
        if name not in ours:
            found.append(Offender(None, name, "missing"))
        elif name not in theirs:
            found.append(Offender(None, name, "not in the contract"))
        else:
            found += _column_differences(ours[name], theirs[name])
    return found


def _column_differences(have: ShapeColumn, want: ShapeColumn) -> list[Offender]:
    return [
        Offender(
            None,
            want.name,
            f"{field} is {getattr(have, field)}, the contract says {getattr(want, field)}",
        )
        for field in ShapeColumn.__struct_fields__
        if getattr(have, field) != getattr(want, field)
    ]
