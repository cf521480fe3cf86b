"""Why did it move: run a set's job again on old data with new parameters and the other way round,
and split the change.

Nothing is published and nothing is recorded. A leg takes the parameters from one version, and from
the other all else: its inputs as they were known at its `data_through`, its contract, its targets.
What an input holds now must have the digest that was recorded, and the job's code the revision that
was recorded; else the leg is not available, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import polars as pl

from estimates.catalog.records import InputDigest, Version
from estimates.catalog.ref import Ref
from estimates.compare.queries import DiffQuery
from estimates.contract.conform import conform
from estimates.contract.contract import Contract
from estimates.contract.roles import NUMERIC_ROLES
from estimates.errors import EstimatesError
from estimates.render.digits import rounded
from estimates.store.store import Store
from estimates_jobs.attribution.split import Frames, LabelSplit, Split, split, split_labels
from estimates_jobs.attribution.why_headline import headline
from estimates_jobs.run.context import Context
from estimates_jobs.run.job_function import Function, JobError
from estimates_jobs.run.pinned_input import Pins

Progress = Callable[[str], None]
_SHOWN = 12  # digits of a digest in a sentence
_MODULES = 8  # names of modules in a sentence


class Difference(msgspec.Struct, frozen=True):
    """Something that the two versions were made from: what it was, what it is, whether that is the
    same.

    name  `data_through`, `code`, `input NAME` (digest), `parameter NAME`
    """

    name: str
    old: Any
    new: Any
    same: bool


class Leg(msgspec.Struct, frozen=True):
    """One run of the job: whose data, whose parameters; `reason` says why it is not available, None
    when it is.
    """

    data: int
    parameters: int
    reason: str | None


class Why(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """Why version `to` differs from version `from_`.

    rerun_from, rerun_to      nothing changed: what they differ by from the versions is noise
    new_data, new_parameters  the new data with the old parameters, and the other way round
    columns  by estimate column that is a number; see `estimates_jobs.attribution.split`
    labels   by label column, counted
    """

    set: str
    from_: int
    to: int
    headline: str
    differences: list[Difference]
    rerun_from: Leg
    rerun_to: Leg
    new_data: Leg
    new_parameters: Leg
    columns: dict[str, Split]
    labels: dict[str, LabelSplit] = {}


class _Side(NamedTuple):
    """A version, the contract it was published under, and its estimates."""

    version: Version
    contract: Contract
    frame: pl.DataFrame


Result = pl.DataFrame | str  # what a leg gives, or why it is not available


def why(store: Store, name: str, a: Ref, b: Ref, *, progress: Progress = lambda step: None) -> Why:
    """Split the change from version `a` to version `b` of a set; runs its job up to four times.

    Raises NotFoundError (`unknown_set`, `unknown_version`, …, `expired`), ConflictError
    (`other_shape`), CorruptError. A leg that cannot be run is no error.
    """
    pair = store.compare(name, DiffQuery(a, b))
    old, new = _side(store, pair.first), _side(store, pair.second)
    runs = _Runs(store, progress)
    rerun_from = runs.result(old, old)
    rerun_to = runs.result(new, new)
    new_data = rerun_to if isinstance(rerun_to, str) else runs.result(new, old)
    new_parameters = rerun_from if isinstance(rerun_from, str) else runs.result(old, new)
    legs = {
        "rerun_from": _leg(old, old, rerun_from),
        "rerun_to": _leg(new, new, rerun_to),
        "new_data": _leg(new, old, new_data),
        "new_parameters": _leg(old, new, new_parameters),
    }
    computed = (new_data, new_parameters, rerun_from, rerun_to)
    frames = Frames(
        old.frame, new.frame, *(None if isinstance(leg, str) else leg for leg in computed)
    )
    contract = pair.contract
    key = list(contract.key)
    columns = {
        name: split(
            frames,
            key,
            name,
            contract.columns[name].scale_floor,
            contract.percentage_points(name),
        )
        for name in contract.judged
        if contract.columns[name].role in NUMERIC_ROLES
    }
    labels = {name: split_labels(frames, key, name) for name in contract.of_role("label")}
    numbers = (old.version.version, new.version.version)
    reasons = {name: leg.reason for name, leg in legs.items()}
    return Why(
        name,
        *numbers,
        headline(numbers, columns, labels, reasons),
        _differences(old.version, new.version),
        columns=columns,
        labels=labels,
        **legs,
    )


def rerun(store: Store, version: Version) -> Result:
    """What a version's job makes of the same data with the same parameters today, or why that
    cannot be told.
    """
    side = _side(store, version)
    return _Runs(store, lambda step: None).result(side, side)


def render_json(answer: Why) -> bytes:
    """All of it as JSON, numbers with 12 significant digits."""
    return msgspec.json.encode(rounded(msgspec.to_builtins(answer)))


def _side(store: Store, version: Version) -> _Side:
    contract = store.contract(version.set, version.contract_revision)
    return _Side(version, contract, store.frame(version))


class _Runs:
    """Runs of the job, each made once: versions may have the same parameters or data."""

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store = store
        self._progress = progress
        self._results: dict[bytes, Result] = {}

    def result(self, data: _Side, parameters: _Side) -> Result:
        """What the job makes of one version's data and another's parameters, or why that cannot be
        told.
        """
        reason = _code_fault(data.version, parameters.version)
        if reason is not None:
            return reason
        contract = _with_parameters(data.contract, parameters.version.provenance.parameters)
        made_from = (contract, data.version.data_through, data.version.provenance.inputs)
        identity = msgspec.json.encode(made_from, order="deterministic")
        if identity not in self._results:
            self._progress(
                f"run the job with the data of version {data.version.version} and the parameters "
                f"of version {parameters.version.version}"
            )
            self._results[identity] = _run(self._store, data.version, contract)
        return self._results[identity]


def _run(store: Store, version: Version, contract: Contract) -> Result:
    inputs = version.provenance.inputs
    pins = Pins({source.name: source.version for source in inputs if source.version is not None})
    assert contract.job is not None
    try:
        function = Function(contract.job.function)
        function.reload()
        context = Context(contract, version.data_through, store, pins)
        frame = conform(function(context), contract)
    except (EstimatesError, JobError) as error:
        return str(error)
    return _input_fault(version, context.digests) or frame


def _with_parameters(contract: Contract, parameters: dict[str, Any]) -> Contract:
    assert contract.job is not None
    return msgspec.structs.replace(
        contract, job=msgspec.structs.replace(contract.job, parameters=parameters)
    )


def _code_fault(*versions: Version) -> str | None:
    """Why the job's present code is not what made these versions; None when it is."""
    made = {version.version: version.provenance for version in versions}
    for number, provenance in made.items():
        if provenance.job is None:
            return (
                f"version {number} was not made by a job of its contract, but published as it was"
            )
        if provenance.code is None:
            return f"version {number} does not record the revision of its job's code"
    jobs = {(provenance.job, provenance.code) for provenance in made.values()}
    if len(jobs) > 1:
        makers = "; ".join(
            f"version {number} by {provenance.job} at {_short(provenance.code)}"
            for number, provenance in made.items()
        )
        return (
            "the versions were made by different code, whose part cannot be told from the rest: "
            f"{makers}"
        )
    ((job, code),) = jobs
    assert job is not None
    try:
        function = Function(job)
    except (EstimatesError, JobError) as error:
        return str(error)
    if function.revision == code:
        return None
    shown = [*function.modules[:_MODULES], *(["…"] if len(function.modules) > _MODULES else [])]
    return (
        f"the code of {job} has changed since: it was {_short(code)}, it is "
        f"{_short(function.revision)} (its own modules: {', '.join(shown) or 'none with a source'})"
    )


def _input_fault(version: Version, inputs: tuple[InputDigest, ...]) -> str | None:
    """Which input does not hold what the version read; None when all do."""
    recorded = {source.name: source for source in version.provenance.inputs}
    for now in inputs:
        then = recorded.get(now.name)
        if then is None:
            return (
                f"input {now.name!r} was not read by version {version.version}, so that nobody "
                "knows what it held"
            )
        if then.digest != now.digest:
            return (
                f"input {now.name!r} is not what version {version.version} read: {then.rows} rows, "
                f"digest {_short(then.digest)} then, {now.rows} rows, digest {_short(now.digest)} "
                "now"
            )
    return None


def _leg(data: _Side, parameters: _Side, result: Result) -> Leg:
    reason = result if isinstance(result, str) else None
    return Leg(data.version.version, parameters.version.version, reason)


def _differences(old: Version, new: Version) -> list[Difference]:
    """All that the versions were made from, as recorded."""
    then, now = _made_from(old), _made_from(new)
    return [
        Difference(name, then.get(name), now.get(name), then.get(name) == now.get(name))
        for name in then | now
    ]


def _made_from(version: Version) -> dict[str, Any]:
    made = version.provenance
    return {
        "data_through": version.data_through,
        "code": made.code,
        **{f"input {source.name}": source.digest for source in made.inputs},
        **{f"parameter {name}": value for name, value in made.parameters.items()},
    }


def _short(digest: str | None) -> str:
    return "unknown" if digest is None else digest[:_SHOWN]
