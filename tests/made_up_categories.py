"""The made-up hub's second target: whether counts will rise or fall, as chances of five categories
that follow from the quantiles of each forecast.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from tests import made_up_hub
from tests.made_up_hub import HORIZONS, KEY, LEVELS, LOCATIONS, QUANTILES, Submission

CATEGORIES = ["large_decrease", "decrease", "stable", "increase", "large_increase"]
COLUMNS = [f"p_{name}" for name in CATEGORIES]
_TARGET = "wk flu hosp rate change"
_SMALL, _LARGE = 0.1, 0.4  # changes of a logarithm
_FEW = 10  # counts, which are stable whatever they are in proportion


def categories(submission: Submission, seed: int = 1) -> pl.DataFrame:
    """The key, a column for each category, and the horizon."""
    days, _ = made_up_hub.observed(seed)
    at = days.index(submission.through.date())
    last = np.repeat(made_up_hub.reported(at, seed)[-1] + 1, HORIZONS)
    values = np.log1p(submission.frame.select(QUANTILES).to_numpy())
    small = np.maximum(_SMALL, np.log1p(np.minimum(_FEW / last, 0.3)))
    cuts = np.log(last)[:, None] + np.column_stack(
        [np.full_like(small, -_LARGE), -small, small, np.full_like(small, _LARGE)]
    )
    rising = np.maximum.accumulate(values, axis=1) + 1e-9 * np.arange(len(LEVELS))
    below = [
        np.interp(cut, row, LEVELS, left=0.002, right=0.998)
        for cut, row in zip(cuts, rising, strict=True)
    ]
    chances = np.round(np.diff(below, axis=1, prepend=0, append=1), 4)
    chances[:, 2] = np.round(chances[:, 2] + 1 - chances.sum(axis=1), 4)
    assert len(chances) == HORIZONS * len(LOCATIONS)
    horizon = (pl.col("target_end_date") - pl.lit(submission.reference)).dt.total_days() // 7
    return submission.frame.select(
        *KEY,
        *(pl.Series(name, chances[:, number]) for number, name in enumerate(COLUMNS)),
        horizon.alias("horizon"),
    )


def drafted(folder: Path) -> str:
    """The contract that `estimates draft --hub` proposes for the target, for one model."""
    from estimates_jobs.hub.hub_contracts import hub_contracts

    (folder / "hub-config").mkdir(parents=True)
    (folder / "hub-config" / "tasks.json").write_text(json.dumps(_tasks()))
    (made,) = hub_contracts(folder)
    return made.source.replace("[family]", "[about]")


def _tasks() -> dict[str, object]:
    weeks = made_up_hub.weeks(0)
    ends = sorted({str(week + timedelta(weeks=step)) for week in weeks for step in range(HORIZONS)})
    options = {
        "reference_date": [str(week) for week in weeks],
        "target": [_TARGET],
        "horizon": list(range(HORIZONS)),
        "location": LOCATIONS,
        "target_end_date": ends,
    }
    target = {
        "target_id": _TARGET,
        "target_name": "direction of change",
        "target_keys": {"target": _TARGET},
        "target_type": "ordinal",
        "is_step_ahead": True,
        "time_unit": "week",
    }
    task = {
        "task_ids": {n: {"required": None, "optional": values} for n, values in options.items()},
        "output_type": {"pmf": {"output_type_id": {"required": CATEGORIES}, "is_required": True}},
        "target_metadata": [target],
    }
    of_round = {"round_id_from_variable": True, "round_id": "reference_date", "model_tasks": [task]}
    return {"rounds": [of_round]}
