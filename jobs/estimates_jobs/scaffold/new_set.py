"""A set from observed series, in order: profile, back-test, files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import polars as pl

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError
from estimates_jobs.run.context import Context, data_reach
from estimates_jobs.scaffold.model_choice import Choice, choose
from estimates_jobs.scaffold.schedule_files import Schedule, schedule_files
from estimates_jobs.scaffold.series_profile import Columns, SeriesProfile, read_series
from estimates_jobs.scaffold.set_files import (
    SetPlan,
    contract_text,
    job_text,
    module_name,
    test_text,
)
from estimates_jobs.tables.text_options import TextOptions

SCHEDULES = "schedule"  # folder


class NewSet(msgspec.Struct, frozen=True):
    """What `estimates new` makes, before anything is written.

    forecast  how many series the first run can forecast, `of` so many combinations of ids
    files     path from the working directory → text
    """

    name: str
    profile: SeriesProfile
    choice: Choice
    forecast: int
    of: int
    contract: Contract
    files: dict[str, str]


def check_new(name: str) -> None:
    """Raises InvalidError (`file_exists`) where a file of the new set is there already."""
    stem = module_name(name)
    files = [f"{name}.toml", f"{stem}.py", f"test_{stem}.py"]
    files += [
        f"{SCHEDULES}/{file}" for file in schedule_files(Schedule(name, stem, "", Path(), ""))
    ]
    there = [file for file in files if Path(file).exists()]
    if there:
        raise InvalidError(
            "file_exists",
            f"{', '.join(there)}: would be written over",
            remedy="name another set, move these files away, or go on with them: estimates define "
            f"{name}.toml, estimates run {name}",
        )


def plan_set(
    name: str,
    source: str,
    columns: Columns,
    horizon: int,
    store: str,
    text: TextOptions | None = None,
    announce: Callable[[str], None] = lambda step: None,
) -> NewSet:
    """Look at the series, try models out, and write the files of a set, into memory.

    source   the table, as `[job.inputs]` names one
    horizon  in steps of the calendar that the observations keep
    store    where the schedules put versions
    text     what a person says of a CSV file
    Raises InvalidError as `read_series`, `choose` and `parse_contract` do.
    """
    announce(f"read {source}")
    series = read_series(source, columns, text)
    plan = SetPlan(name, columns, series.spec, series.profile, horizon)
    first = parse_contract(contract_text(plan, None), name)
    choice = choose(series, first, horizon, announce)
    chosen = parse_contract(contract_text(plan, choice), name)
    forecast, combinations = _with_forecast(chosen)
    missing = 1 - forecast / combinations
    contract = contract_text(plan, choice, missing)
    stem = plan.module
    folder = Path.cwd()
    where = store if "://" in store else str(Path(store).absolute())
    schedule = Schedule(name, stem, series.profile.calendar, folder, where)
    files = {
        f"{name}.toml": contract,
        f"{stem}.py": job_text(plan),
        f"test_{stem}.py": test_text(plan, choice.moments[-1]),
    } | {f"{SCHEDULES}/{file}": content for file, content in schedule_files(schedule).items()}
    return NewSet(
        name, series.profile, choice, forecast, combinations, parse_contract(contract, name), files
    )


def _with_forecast(contract: Contract) -> tuple[int, int]:
    """For how many series of the domain the job has enough to forecast, of how many."""
    from estimates_jobs.builtin.forecast_plan import make_plan
    from estimates_jobs.builtin.forecast_series import (
        listed_series,
        observations,
        place,
        summarise,
    )

    context = Context(contract, data_reach(contract))
    plan = make_plan(context)
    keys = listed_series(contract, plan)
    steps, placed = place(context, plan, observations(context, plan, keys), keys)
    summary = summarise(plan, steps, placed, keys)
    return summary.filter(pl.col("trouble").is_null()).height, summary.height


def write_files(files: dict[str, str]) -> None:
    """Write the files; raises InvalidError (`not_written`)."""
    for name, text in files.items():
        path = Path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InvalidError(
                "not_written",
                f"{path}: cannot be written: {error.strerror or error}",
                remedy="make the folder writable, or work in another",
            ) from None
