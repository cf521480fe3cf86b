"""`estimates score`: how good the estimates were, once actual values are known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_report import LAST_SCORED, Scored
from estimates.accuracy.accuracy_table import accuracy_frame
from estimates.accuracy.accuracy_text import render_text
from estimates.accuracy.model_table import TESTS
from estimates.errors import RefusedError, UnavailableError
from estimates.render.wording import count
from estimates.store.regrading import GRADES, Regrading
from estimates.store.scoring import Outcome
from estimates_jobs.cli.interface.command import (
    Options,
    clock_option,
    command,
    deciding_options,
    timezone_option,
)
from estimates_jobs.cli.interface.notifying import notifying
from estimates_jobs.cli.interface.table_options import table_options
from estimates_jobs.cli.output import terminal
from estimates_jobs.cli.output.claimed_releases import unread_claims
from estimates_jobs.cli.output.file_writing import writing
from estimates_jobs.cli.score_request import ScoreRequest

if TYPE_CHECKING:
    import polars as pl

    from estimates.accuracy.accuracy_report import SetAccuracy
    from estimates.store.store import Store

_SQL = (
    "SELECT ticker, date AS target_date, close AS value FROM 'examples/sp500_daily_close.parquet'"
)

NO_TIME = datetime.min.replace(tzinfo=UTC)  # of scores that nobody stored
_GRADES = {
    "right_pass": "rightly passed",
    "missed_harm": "passed, did harm",
    "right_block": "rightly blocked",
    "harmless_block": "blocked, harmless",
}


class _Scored(msgspec.Struct, frozen=True):
    """What a scoring did, for a program.

    mlflow     why MLflow does not have the scores yet, None when it does
    regrading  what became of the gate's verdicts, with --regrade
    """

    set: str
    stored: list[int]
    unchanged: list[int]
    unmatched: list[int]
    unused: int
    mlflow: str | None
    regrading: Regrading | None
    accuracy: SetAccuracy


@command(
    "estimates score churn --actuals left-by-june.csv",
    f'estimates score sp500-close --actuals "{_SQL}"',
    "estimates score demand --actuals demand-truth --vintage 2026-06-30   # what a set said then",
    "estimates score churn --actuals outcomes.parquet --vintage 2026-06-30 --version 7",
    "estimates score sp500-close --actuals closes.csv --against sp500-naive",
    "estimates score sp500-close --deadline D-1T06:00 --clock released --actuals sp500-actual   "
    "# what was said by six o'clock the day before",
    "estimates score churn --actuals left-by-june.csv --regrade",
    "estimates score sp500-close                                # the stored scores again",
    "estimates score sp500-close --chart accuracy.svg           # and as a picture",
    "estimates score flu --actuals truth.csv --by location,horizon",
    "estimates score flu --actuals truth.csv --each --format csv > each.csv",
    "estimates score flu-a flu-b flu-c --baseline flu-naive --actuals truth.csv",
    "estimates score flu-a flu-b --actuals truth.csv --format html > models.html",
    "estimates score sp500-close --last 10 --format csv > scores.csv",
    forms=("csv", "html"),
)
@click.argument("set_names", metavar="SET...", nargs=-1, required=True)
@click.option(
    "--actuals",
    metavar="TABLE-OR-SQL",
    help="Key columns and the actual values, perhaps their vintage; or a set of this store, whose "
    "versions are its vintages.",
)
@click.option(
    "--version",
    "versions",
    type=int,
    multiple=True,
    help="Only this one; may be given several times.",
)
@click.option(
    "--vintage",
    metavar="TIME",
    help="Use the actual values known then: a time, or a date for all of it. "
    "Without --actuals: the scores of that vintage.",
)
@click.option(
    "--against",
    metavar="N-OR-SET",
    help="A version's number or another set, which skill is relative to.",
)
@click.option(
    "--regrade", is_flag=True, help="Grade the gate's verdicts by the actual values, too."
)
@click.option("--chart", metavar="FILE", help="Draw it too: a name that ends in .svg or .png.")
@click.option(
    "--last",
    type=int,
    default=LAST_SCORED,
    show_default=True,
    help="Without --actuals: so many versions.",
)
@click.option(
    "--by",
    metavar="COLUMNS",
    help="Means by these columns, such as location,horizon: of the key, attributes, horizon, "
    "version, data_through. Nothing is stored.",
)
@click.option("--each", is_flag=True, help="The scores of each key. Nothing is stored.")
@click.option(
    "--log-shift",
    type=float,
    metavar="X",
    help="With --by, --each and several sets: score ln(x + X) in place of x.",
)
@click.option("--baseline", metavar="SET", help="Of several sets: the one that skill is scaled by.")
@click.option(
    "--loss", metavar="NAME", help="Of several sets: wis, mae, crps, energy_score, brier, …."
)
@click.option(
    "--test",
    type=click.Choice(list(TESTS)),
    help="Of several sets: what p-values are of.  [default: wilcoxon]",
)
@click.option(
    "--deadline",
    metavar="TIME",
    help="Score what production said so long before each target: D-1T06:00, PT36H. Nothing is "
    "stored.",
)
@clock_option("With --deadline: times go by the claimed times of release of imported versions.")
@timezone_option
@table_options
@deciding_options
def score(options: Options, set_names: tuple[str, ...], **choices: Any) -> None:
    """How good the estimates were: errors, coverage, distribution, skill, once actual values are
    known.

    Scores every version that production ever pointed to and that has a key with an actual value,
    stores the scores and logs them to MLflow. The same actual values again change nothing. Without
    --actuals the stored scores are shown. Scores of one --vintage never replace those of another.
    Several sets are compared as models of one thing, each pair on the keys that both have.
    With --regrade every verdict of the gate is graded too: a refused version that was no worse than
    the one it was judged against was blocked without need, a worse one that passed did harm. The
    verdicts stay what they were. docs/accuracy.md has every number with its formula.
    """
    request = ScoreRequest(**choices)
    request.check(options, set_names)
    if request.actuals is None:
        version = request.versions[0] if request.versions else None
        of_set = options.open_to_read()[set_names[0]]
        accuracy = of_set.accuracy(version, last=request.last, vintage=request.vintage)
        _show(options, accuracy, accuracy_json.encode_set(accuracy))
    elif len(set_names) > 1 or request.baseline is not None:
        _compare(options, set_names, request)
        return
    elif request.by is not None or request.each:
        _show_keys(options, set_names[0], request)
        return
    elif request.deadline is not None:
        _show_deadline(options, set_names[0], request)
        return
    else:
        accuracy = _score(options, set_names[0], request)
    if request.chart is not None:
        from estimates.accuracy.accuracy_chart import draw

        with writing(request.chart) as path:
            path.write_bytes(draw(accuracy, path.suffix[1:]))


def _read(options: Options, store: Store, name: str, request: ScoreRequest) -> pl.DataFrame:
    """The table of actual values."""
    from estimates_jobs.tables.actual_values import (
        is_set_of,
        read_actual_values,
        read_actuals_of_set,
    )
    from estimates_jobs.tables.table_files import moments_in, with_timezone

    assert request.actuals is not None
    if is_set_of(store, request.actuals):
        return read_actuals_of_set(store, request.actuals, request.vintage)
    observed = read_actual_values(request.actuals, store.contract(name), options.tables)
    if request.timezone is not None:
        zone = with_timezone(store.contract(name), request.timezone)
        observed = moments_in(observed, zone)
    return observed


def _compare(options: Options, names: tuple[str, ...], request: ScoreRequest) -> None:
    """Several sets beside each other."""
    from estimates.store.key_scoring import model_table
    from estimates_jobs.cli.score_output import show_models

    store = options.open()
    models = model_table(
        store,
        names,
        _read(options, store, names[0], request),
        baseline=request.baseline,
        vintage=request.vintage,
        loss=request.loss,
        log_shift=request.log_shift,
        test=request.test or "wilcoxon",
    )
    show_models(options, models, request.chart)


def _show_keys(options: Options, name: str, request: ScoreRequest) -> None:
    """The scores of single keys, or their means by some columns."""
    from estimates.accuracy.key_scores import means
    from estimates_jobs.cli.score_output import show_frame

    store = options.open()
    scores = store[name].scores_by_key(
        _read(options, store, name, request),
        versions=request.versions or None,
        vintage=request.vintage,
        log_shift=request.log_shift,
    )
    by = tuple(part.strip() for part in (request.by or "").split(",") if part.strip())
    show_frame(options, scores if request.each else means(scores, by), by)


def _show_deadline(options: Options, name: str, request: ScoreRequest) -> None:
    """The scores of what was said at a deadline before each target, of whatever version."""
    from estimates.accuracy.pooling import of_set
    from estimates.catalog.at import At
    from estimates_jobs.cli.score_output import show_one

    store = options.open()
    observed = _read(options, store, name, request)
    at = At(clock=request.clock)
    scores = store[name].score_at(
        observed, deadline=request.deadline, vintage=request.vintage, at=at
    )
    accuracy = of_set(name, [Scored(0, NO_TIME, scores)], request.vintage)
    show_one(options, accuracy, f"what was said at {request.deadline}")
    unread = None if scores.keys.matched else unread_claims(store[name].versions(), request.clock)
    if options.format == "text" and unread is not None:
        terminal.line(unread, "dim")


def _score(options: Options, set_name: str, request: ScoreRequest) -> SetAccuracy:
    """Score, regrade if asked, record in MLflow, and print what that did."""
    store = options.open()
    observed, vintage = _read(options, store, set_name, request), request.vintage
    with notifying(options, store):
        outcome = store[set_name].score(
            observed, versions=request.versions or None, vintage=vintage, against=request.against
        )
        regrading = store[set_name].regrade(observed, vintage=vintage) if request.regrade else None
        untracked = _track(store, set_name)
    scored = _Scored(
        **{name: getattr(outcome, name) for name in Outcome.__struct_fields__},
        mlflow=untracked,
        regrading=regrading,
    )
    for_people = not (options.json or options.csv)
    if for_people:
        _show_outcome(outcome, untracked)
    _show(options, outcome.accuracy, options.with_notes(accuracy_json.encode(scored)))
    if for_people and regrading is not None:
        _show_regrading(regrading)
    return outcome.accuracy


def _show(options: Options, accuracy: SetAccuracy, body: bytes) -> None:
    if options.json:
        terminal.body(body)
    elif options.csv:
        terminal.csv_of(accuracy_frame(accuracy), no_formulas=options.no_formulas)
    else:
        terminal.report(lambda: render_text(accuracy))


def _show_outcome(outcome: Outcome, untracked: str | None) -> None:
    done = [
        f"{count(len(outcome.stored), 'version')} scored anew, {len(outcome.unchanged)} as before"
    ]
    if outcome.unmatched:
        done.append(f"{len(outcome.unmatched)} without an actual value yet")
    unused = f"{count(outcome.unused, 'key')} of the actual values: no version scored has them"
    terminal.pairs(
        [
            ("versions", ", ".join(done)),
            ("not used", unused if outcome.unused else None),
            ("MLflow", untracked and f"not recorded; later: estimates track ({untracked})"),
        ]
    )
    terminal.line()


def _show_regrading(regrading: Regrading) -> None:
    """How the gate did, and each version on which it was wrong."""
    graded = sum(regrading.counts.values())
    if not graded:
        return
    terminal.section(f"The gate, looking back on {count(graded, 'verdict')}")
    terminal.pairs([(_GRADES[grade], str(regrading.counts[grade])) for grade in GRADES])
    wrong = [
        {
            "version": version.version,
            "verdict": _GRADES[version.grade],
            "against": version.baseline,
            "loss": version.message,
        }
        for version in regrading.versions
        if version.grade in ("missed_harm", "harmless_block")
    ]
    if wrong:
        terminal.line()
        terminal.records(wrong)


def _track(store: Store, set_name: str) -> str | None:
    """Log the scores to MLflow, last: one that is away never loses them. Returns why it was not
    done.
    """
    try:
        from estimates_jobs.tracking.record import record_scores

        record_scores(store, set_name)
    except ModuleNotFoundError:
        return "mlflow is not installed; pip install 'estimates-store[jobs]'"
    except (UnavailableError, RefusedError) as error:
        return error.message
    versions = store.view().set(set_name).versions
    unrecorded = sorted({scored.version for scored in store.catalog.untracked_scores(set_name)})
    # one with rows carried over, or published from Python, is of no run that could be recorded
    waiting = [v for v in unrecorded if store.catalog.run(versions[v - 1].provenance.run_id)]
    return (
        f"these versions have no run in MLflow: {', '.join(map(str, waiting))}" if waiting else None
    )
