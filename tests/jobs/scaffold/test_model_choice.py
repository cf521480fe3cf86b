"""Which model a new set takes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from estimates.contract.contract_file import parse_contract
from estimates_jobs.scaffold import model_choice
from estimates_jobs.scaffold.series_profile import Columns, read_series
from estimates_jobs.scaffold.set_files import SetPlan, contract_text


def test_a_slow_model_is_tried_once_and_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set has its first version within minutes, however many series there are; the time is that
    of the forecast, without what is loaded and compiled before.
    """
    monkeypatch.chdir(tmp_path)
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(60)]
    rows = (f"{day},{day.weekday() * 10 + number % 3}" for number, day in enumerate(days))
    Path("t.csv").write_text("\n".join(["day,units", *rows]) + "\n")
    columns = Columns("day", (), "units")
    series = read_series("t.csv", columns)
    plan = SetPlan("demand", columns, series.spec, series.profile, 7)
    contract = parse_contract(contract_text(plan, None), "demand")
    models = [("Naive", 1), ("SeasonalNaive", 7)]
    monkeypatch.setattr(model_choice, "_candidates", lambda _season: models)
    choice = model_choice.choose(series, contract, 7, lambda _step: None)
    assert [trial.forecasts for trial in choice.trials] == [21, 21]
    assert choice.chosen.model == "SeasonalNaive"
    assert max(trial.seconds for trial in choice.trials) < 1
    monkeypatch.setattr(model_choice, "PATIENCE_S", -1.0)
    slow = model_choice.choose(series, contract, 7, lambda _step: None)
    assert [(trial.forecasts, trial.is_slow) for trial in slow.trials] == [(7, True), (7, True)]
