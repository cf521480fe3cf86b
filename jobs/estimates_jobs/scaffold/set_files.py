"""The files of a new set: its contract, its job and a test of both, as text."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import datetime, timedelta
from math import ceil

import msgspec

from estimates import instants
from estimates.contract.contract import RESERVED
from estimates.contract.job_inputs import Input
from estimates.render.wording import toml_key, toml_text
from estimates_jobs.scaffold.model_choice import Choice
from estimates_jobs.scaffold.observed_input import toml_lines
from estimates_jobs.scaffold.series_profile import Columns, SeriesProfile

_LEVELS = (80, 95)  # percent, of the intervals
# How often a version comes and how old its data may be, by the beginning of the calendar's name.
_RHYTHMS = {
    "hourly": ("1h", "6h"),
    "daily": ("1d", "3d"),
    "weekly": ("1w", "2w"),
    "month": ("31d", "9w"),
    "quarter": ("92d", "27w"),
    "year": ("366d", "105w"),
}
_ON_DAYS_OF_WORK = ("1d", "5d")
# Newest observations of a series that its model learns from: more is slower and no better.
_HISTORY = {"hourly": 1344, "daily": 730}
_ON_WEEKDAYS = 520


class SetPlan(msgspec.Struct, frozen=True):
    """What the files are made of: the set's name, the columns of its table, the input that reads
    it, what its series are, how many steps it forecasts.
    """

    name: str
    columns: Columns
    spec: Input
    profile: SeriesProfile
    horizon: int

    @property
    def module(self) -> str:
        """The name of the job's module, without an ending."""
        return module_name(self.name)

    @property
    def function(self) -> str:
        """The name of the job's function, as Python reads it: of `area m²` forecast_area_m2."""
        letters = unicodedata.normalize("NFKC", self.columns.value.lower())
        name = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in letters)
        return f"forecast_{name.strip('_') or 'values'}"

    @property
    def ids(self) -> dict[str, str]:
        """Key column → id column of the table; a reserved name gets another one."""
        return {_allowed(name): name for name in self.columns.ids}

    @property
    def target(self) -> str:
        """The key column of the time that is forecast."""
        return _allowed(self.columns.time)

    @property
    def point(self) -> str:
        """The column of the forecast."""
        return _allowed(self.columns.value)

    @property
    def never_negative(self) -> bool:
        """Whether no observation is below 0, so that no forecast should be."""
        return self.profile.lowest >= 0

    @property
    def rhythm(self) -> tuple[str, str]:
        """How often a version comes, and how old its data may be."""
        name = self.profile.calendar
        return next(
            (rhythm for stem, rhythm in _RHYTHMS.items() if name.startswith(stem)), _ON_DAYS_OF_WORK
        )

    @property
    def gaps(self) -> str | None:
        """What steps without an observation count as."""
        if not self.profile.missing:
            return None
        return "zero" if self.never_negative and self.profile.whole else "interpolate"


def module_name(set_name: str) -> str:
    """The name of the job's module of a set, without an ending."""
    stem = re.sub(r"\W", "_", set_name, flags=re.ASCII)
    return f"{stem}_job" if stem[:1].isalpha() else f"set_{stem}_job"


def _allowed(name: str) -> str:
    return f"{name}_of_data" if name.lower() in RESERVED else name


def contract_text(plan: SetPlan, choice: Choice | None, missing: float = 0.0) -> str:
    """The contract as commented TOML; without a choice that of the back-test.

    missing  share of the combinations of ids for which there is no series to forecast
    """
    profile = plan.profile
    lines = [
        f"# Made by `estimates new` from {toml_text(profile.source)}: "
        f"{profile.series:,} series from {profile.first} to {profile.last}.",
        "# Every line is yours to change; `estimates define` registers what you changed.",
        f"name = {toml_text(plan.name)}",
        f"description = {toml_text(_description(plan))}",
        '# owner = "team@example.org"',
    ]
    for name, column in plan.ids.items():
        lines += ["", f"[key.{toml_key(name)}]", f"type = {toml_text(profile.id_types[column])}"]
    lines += [
        "",
        f"[key.{toml_key(plan.target)}]",
        f"type = {toml_text(profile.time_type)}",
        "target = true  # the time that an estimate is about: the set rolls on with it",
        *_estimates(plan),
        *_domain(plan, missing),
        *_freshness(plan),
        "",
        "# Who moves production: the run, when the gate lets its version pass.",
        f"# estimates gate policy {plan.name} shows its limits.",
        "[gate]",
        'promote = "automatic"',
        *_job(plan, choice),
    ]
    return "\n".join(lines) + "\n"


def _description(plan: SetPlan) -> str:
    by = f" by {', '.join(plan.columns.ids)}" if plan.columns.ids else ""
    steps = f"the next {plan.horizon} steps of the calendar {plan.profile.calendar}"
    return f"{plan.columns.value}{by}: {steps}"


def _estimates(plan: SetPlan) -> list[str]:
    floor = ["min = 0.0  # no observation is below 0"] if plan.never_negative else []
    lines = ["", f"[columns.{toml_key(plan.point)}]", 'role = "point"', '# unit = "pieces"', *floor]
    for percent in _LEVELS:
        for role in ("lower", "upper"):
            lines += [
                "",
                f"[columns.{toml_key(f'{plan.point}_{role}_{percent}')}]",
                f'role = "{role}"',
                f"level = {percent / 100:g}",
                *floor[: 1 if role == "lower" else 0],
            ]
    return lines


def _domain(plan: SetPlan, missing: float) -> list[str]:
    profile = plan.profile
    lines = [
        "",
        "# Which keys a version must have: each series, for the next steps after its data.",
        "[domain]",
        'kind = "rolling"',
        f"calendar = {toml_text(profile.calendar)}",
        f"steps = {plan.horizon}",
    ]
    if missing:
        share = ceil(missing * 10_000) / 10_000
        what = "of the combinations below have no series that goes on"
        lines.append(f"allow_missing = {share}  # {what}")
    for name, column in plan.ids.items():
        listed = ", ".join(map(toml_text, profile.ids[column]))
        lines.append(f"values.{toml_key(name)} = [{listed}]")
    return lines


def _freshness(plan: SetPlan) -> list[str]:
    cadence, max_age = plan.rhythm
    age = instants.now() - plan.profile.newest
    lines = ["", "[freshness]", f'cadence = "{cadence}"  # from one version to the next']
    if age <= instants.duration(max_age):
        return [*lines, f'max_age = "{max_age}"  # of the newest data; older is a warning']
    old = f"not checked: it is {_age(age)} old already"
    return [*lines, f'# max_age = "{max_age}"  # of the newest data; {old}']


def _age(age: timedelta) -> str:
    return f"{age.days:,} days" if age.days else "hours"


def _job(plan: SetPlan, choice: Choice | None) -> list[str]:
    profile = plan.profile
    lines = [
        "",
        "[job]",
        f'function = "{plan.module}:{plan.function}"',
        "",
        "[job.parameters]",
        f"value = {toml_text(plan.columns.value)}",
    ]
    if list(plan.ids) != list(plan.columns.ids):
        lines.append(f"id = [{', '.join(map(toml_text, plan.columns.ids))}]")
    if choice is not None:
        taken = choice.chosen
        reason = "" if taken.mase is None else f"  # its MASE was {taken.mase:.3g} in the back-test"
        lines += [f'model = "{taken.model}"{reason}', f"season_length = {taken.season}"]
    history = next((n for stem, n in _HISTORY.items() if profile.calendar == stem), _ON_WEEKDAYS)
    if profile.length > history:
        lines.append(f"history = {history}  # newest observations; more is slower and no better")
    if plan.gaps is not None:
        lines.append(
            f'gaps = "{plan.gaps}"  # {profile.missing:.2%} of the steps have no observation'
        )
    lines += [
        "",
        "[job.inputs.observations]",
        *toml_lines(plan.spec),
    ]
    return lines


def job_text(plan: SetPlan) -> str:
    """The job's module."""
    floor = (
        "    # no observation is below 0, so no estimate is\n"
        "    frame = frame.with_columns(pl.col(pl.Float64).clip(lower_bound=0.0))\n"
        if plan.never_negative
        else ""
    )
    return f'''\
"""The job of {plan.name}: what `estimates run {plan.name}` computes."""

import polars as pl

from estimates_jobs.builtin.forecast import forecast


def {plan.function}(context):
    """A forecast of every series, with its intervals; a row a key of the contract.

    context.input("observations") is the table as it was known at context.data_through;
    context.parameters are those of the contract. Compute something else here, or add to it.
    """
    frame = forecast(context)
{floor}    # a series that cannot be forecast has no row; a warning says which and why
    return frame.filter(pl.col({_python(plan.point)}).is_not_null())
'''


def test_text(plan: SetPlan, earlier: datetime) -> str:
    """The test's module; `earlier` is a moment before the newest data."""
    return f'''\
"""A run of {plan.name} makes what its contract promises: python -m unittest test_{plan.module}"""

import unittest

from estimates_jobs.run.trial import trial_run


class Test{"".join(part.capitalize() for part in plan.module.split("_"))}(unittest.TestCase):
    """The job of {plan.name} on the data at hand, without a store."""

    def test_the_newest_run_keeps_the_contract(self) -> None:
        """Columns, types, bounds and keys are the contract's, and there are estimates."""
        frame = trial_run("{plan.name}.toml")
        self.assertGreater(frame.height, 0)

    def test_the_job_does_not_look_ahead(self) -> None:
        """With all later rows corrupted, an earlier run says the same."""
        trial_run("{plan.name}.toml", through="{instants.text(earlier)}", check_lookahead=True)


if __name__ == "__main__":
    unittest.main()
'''


def _python(text: str) -> str:
    return json.dumps(text)
