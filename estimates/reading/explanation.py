"""Why an estimate is what it is: the value, what came before it, the run, its inputs, the verdict,
who promoted it.
"""

from datetime import datetime
from typing import Any

import msgspec

from estimates.access.public_provenance import public_provenance
from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import ColumnScores, Slice
from estimates.accuracy.pooling import headline_slice, pooled_slice
from estimates.catalog.catalog import Catalog
from estimates.catalog.records import Event, InputDigest, Provenance, State, Version, Waiver
from estimates.catalog.run_record import RunStatus
from estimates.catalog.set_view import SetView
from estimates.gate.verdict import CheckResult, Offender, Outcome, Status, Verdict, parse_json
from estimates.keys.key_form import Key
from estimates.reading.answer import Answer
from estimates.reading.reader import Reader

PREVIOUS = 10  # versions listed before the one that is explained
CHAINED = 500  # versions whose chain is shown
SCORED = 100  # versions whose scores count
_DECISIONS = ("promoted", "rolled_back", "waived", "unwaived")
_QUIET = ("pass", "skipped")


class Interval(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A time in production; `to` is None while it lasts."""

    from_: datetime
    to: datetime | None


class Before(msgspec.Struct, frozen=True):
    """What an earlier version said about the key; `estimate` is None where it had no row for it."""

    version: int
    published_at: datetime
    data_through: datetime
    state: State
    production: list[Interval]
    estimate: dict[str, Any] | None


class RunFacts(msgspec.Struct, frozen=True):
    """The run that made the version; `status` and times are None for a version that was published
    without one.
    """

    run_id: str
    job: str | None
    parameters: dict[str, Any]
    code: str | None
    commit: str | None
    seed: int | None
    warnings: list[str]
    status: RunStatus | None
    started_at: datetime | None
    finished_at: datetime | None
    mlflow_run: str | None


class Finding(msgspec.Struct, frozen=True):
    """A check that has something to say; `about_key` is what it says of this very key, lines
    that begin with the column that they are of, where they are of one.

    waived_by  ids of the waivers that let it through
    """

    number: int
    name: str
    title: str
    status: Status
    message: str
    about_key: list[str]
    waived_by: list[int]


class Judgement(msgspec.Struct, frozen=True):
    """The newest verdict in short: the version it was compared with, the checks that do not simply
    pass.

    waivers  those that were in force for it
    """

    outcome: Outcome
    blocks: bool
    judged_at: datetime
    baseline: int | None
    counts: dict[str, int]
    findings: list[Finding]
    waivers: list[Waiver]


class ColumnRecord(msgspec.Struct, frozen=True):
    """How near a column came: over all keys, and by column of the key or group column over those
    that share the key's part or are in its group.
    """

    unit: str | None
    all: Slice
    alike: dict[str, Slice]


class Record(msgspec.Struct, frozen=True):
    """The newest stored scores of the versions up to this one, 100 at most: how many versions, up
    to which, when.
    """

    versions: int
    last: int
    scored_at: datetime
    columns: dict[str, ColumnRecord]


class Explanation(msgspec.Struct, frozen=True):
    """All that is known of one estimate of one version.

    estimate   the row
    previous   the ten versions of its shape before this one, newest first, refused ones too
    not_compared  how many versions before this one have another shape, in which the key may mean
                  something else
    chain      what became of each number up to this version, of 500 versions at most
               (docs/stability.md, V)
    events     when this version was promoted, left, or excepted from a check, by whom and why;
               oldest first
    accuracy   so far: of this version and those before it (docs/accuracy.md)
    reasons    field → why it is None: `no_verdict`, `not_scored`; `previous` → `other_shape`: some
               are not compared
    """

    set: str
    version: int
    key: list[str]
    estimate: msgspec.Raw
    state: State
    aliases: list[str]
    published_at: datetime
    data_through: datetime
    released_at: datetime | None
    snapshot_id: str
    contract_revision: int
    production: list[Interval]
    previous: list[Before]
    not_compared: int
    chain: msgspec.Raw
    run: RunFacts
    inputs: list[InputDigest]
    verdict: Judgement | None
    events: list[Event]
    accuracy: Record | None
    reasons: dict[str, str]


class _Row(msgspec.Struct):
    estimate: msgspec.Raw


class _History(msgspec.Struct):
    history: list[Before]
    chain: msgspec.Raw


def explain(
    reader: Reader, catalog: Catalog, version: Version, key: Key, *, public: bool = False
) -> Answer:
    """All that is known of one estimate, as JSON of an `Explanation`.

    public  of where the version comes from only what everybody may see
    Raises what `VersionReader.get` does for a key that has no estimate, UnavailableError
    (`catalog`).
    """
    row = msgspec.json.decode(reader.of(version).get(key).json, type=_Row)
    view = reader.view.set(version.set)
    key_texts = reader.of(version).form.texts(key)
    history = _history(reader, version, key)
    not_compared = _of_other_shapes(view, version)
    came_from = public_provenance(version.provenance) if public else version.provenance
    verdict = _judgement(catalog.verdict(version.set, version.version), key_texts)
    parts = msgspec.json.decode(row.estimate, type=dict[str, Any])
    parts |= zip(view.contract_of(version).key, key_texts, strict=True)
    accuracy = _record(catalog, view, version, parts)
    reasons = {
        field: reason
        for field, reason, holds in (
            ("previous", "other_shape", not_compared > 0),
            ("verdict", "no_verdict", verdict is None),
            ("accuracy", "not_scored", accuracy is None),
        )
        if holds
    }
    explanation = Explanation(
        set=version.set,
        version=version.version,
        key=key_texts,
        estimate=row.estimate,
        state=reader.view.state(version),
        aliases=sorted(
            name for name, alias in view.aliases.items() if alias.version == version.version
        ),
        published_at=version.published_at,
        data_through=version.data_through,
        released_at=version.released_at,
        snapshot_id=version.snapshot_id,
        contract_revision=version.contract_revision,
        production=[Interval(*span) for span in view.spans.get(version.version, [])],
        previous=[entry for entry in reversed(history.history) if entry.version < version.version],
        not_compared=not_compared,
        chain=history.chain,
        run=_run(catalog, version, came_from),
        inputs=list(came_from.inputs),
        verdict=verdict,
        events=_events(view, version.version),
        accuracy=accuracy,
        reasons=reasons,
    )
    return Answer(version.set, version, msgspec.json.encode(explanation))


def _history(reader: Reader, version: Version, key: Key) -> _History:
    """The versions of its shape up to this one; of those before it the newest."""
    answer = reader.history(
        version.set,
        key,
        until=version.published_at,
        chain=True,
        shape=version.shape,
        last=CHAINED,
    )
    history = msgspec.json.decode(answer.json, type=_History)
    history.history = history.history[-PREVIOUS - 1 :]
    return history


def _of_other_shapes(view: SetView, version: Version) -> int:
    before = view.versions[: version.version - 1]
    return sum(other.shape != version.shape and other.expired_at is None for other in before)


def _run(catalog: Catalog, version: Version, came_from: Provenance) -> RunFacts:
    run = catalog.run(came_from.run_id)
    return RunFacts(
        run_id=came_from.run_id,
        job=came_from.job,
        parameters=came_from.parameters,
        code=came_from.code,
        commit=came_from.commit,
        seed=came_from.seed,
        warnings=list(came_from.warnings),
        status=None if run is None else run.status,
        started_at=None if run is None else run.started_at,
        finished_at=None if run is None else run.finished_at,
        mlflow_run=version.mlflow_run,
    )


def _judgement(body: bytes | None, key: list[str]) -> Judgement | None:
    if body is None:
        return None
    verdict: Verdict = parse_json(body)
    findings = [_finding(check, key) for check in verdict.checks]
    return Judgement(
        outcome=verdict.outcome,
        blocks=verdict.blocks,
        judged_at=verdict.judged_at,
        baseline=verdict.against,
        counts=verdict.counts,
        findings=[
            finding for finding in findings if finding.status not in _QUIET or finding.about_key
        ],
        waivers=verdict.in_force,
    )


def _of_column(offender: Offender) -> str:
    column, detail = offender.column, offender.detail
    return detail if column is None or detail.startswith(column) else f"{column}: {detail}"


def _finding(check: CheckResult, key: list[str]) -> Finding:
    about = [_of_column(offender) for offender in check.offenders if offender.key == key]
    return Finding(
        check.number, check.name, check.title, check.status, check.message, about, check.waived_by
    )


def _record(
    catalog: Catalog, view: SetView, version: Version, row: dict[str, Any]
) -> Record | None:
    scored = view.scored.get(view.scored_vintage, {})
    before = [view.versions[number - 1] for number in scored if number <= version.version]
    numbers = sorted(other.version for other in before if other.shape == version.shape)
    numbers = numbers[-SCORED:]
    if not numbers:
        return None
    rows = catalog.scores([scored[number] for number in numbers])
    decoded = [accuracy_json.decode(bytes(row.body)) for row in rows]
    # of several versions with the same data the newest counts
    scores = list({score.data_through or score.version: score for score in decoded}.values())
    parts = {name: None if part is None else str(part) for name, part in row.items()}
    columns = {
        name: [score.columns[name] for score in scores if name in score.columns]
        for name in dict.fromkeys(name for score in scores for name in score.columns)
    }
    return Record(
        versions=len(scores),
        last=numbers[-1],
        scored_at=max(row.scored_at for row in rows),
        columns={name: _column_record(of_name, parts) for name, of_name in columns.items()},
    )


def _column_record(scores: list[ColumnScores], parts: dict[str, str | None]) -> ColumnRecord:
    alike = {
        name: [
            group
            for column in scores
            for group in column.groups.get(name, [])
            if group.value == part and not group.pooled
        ]
        for name, part in parts.items()
    }
    return ColumnRecord(
        unit=scores[-1].unit,
        all=pooled_slice(None, [headline_slice(column) for column in scores]),
        alike={name: pooled_slice(parts[name], groups) for name, groups in alike.items() if groups},
    )


def _events(view: SetView, number: int) -> list[Event]:
    return [
        event
        for event in view.events
        if event.kind in _DECISIONS and number in (event.version, event.from_version)
    ]
