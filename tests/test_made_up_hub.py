"""The made-up hub: the same bytes each time, and numbers that move as real ones do."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from tests.made_up_hub import (
    KEY,
    LEVELS,
    LOCATIONS,
    MODELS,
    QUANTILES,
    SEASONS,
    WEEKS,
    Model,
    Submission,
    long_form,
    observed,
    submissions,
    truth,
)

DIGEST = "fd552f84f2234b3c52a2f0d2baef9b3c0c27b1cd0ec0f2e16d38cd11d44b682a"


def submitted(model: Model) -> list[Submission]:
    """All versions of a model."""
    return list(submissions(model))


def change(old: pl.DataFrame, new: pl.DataFrame) -> float | None:
    """The median r of the medians that both versions have."""
    both = old.join(new, on=KEY, suffix="_new").select("q0.5", "q0.5_new").to_numpy()
    middle = both.mean(axis=1)
    with np.errstate(invalid="ignore"):
        r = np.abs(both[:, 1] - both[:, 0]) / middle
    return float(np.median(np.nan_to_num(r))) if len(r) else None


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Every number of every version of every model, by their digest; numbers are rounded."""
    content = hashlib.sha256()
    for model in MODELS:
        for submission in submissions(model):
            content.update(submission.frame.write_csv().encode())
            content.update(f"{submission.through} {submission.at}".encode())
    assert content.hexdigest() == DIGEST


def test_another_seed_gives_other_numbers() -> None:
    """The seed decides what was observed."""
    assert not np.array_equal(observed(1)[1], observed(2)[1])


@pytest.mark.parametrize("model", MODELS)
def test_medians_move_as_in_real_seasons(model: Model) -> None:
    """From week to week half of the medians move by r of 0.2 to 0.7, and about a seventh of the
    units has a quantile of 0.
    """
    versions = submitted(model)
    moves = [
        r
        for old, new in pairwise(versions)
        if old.through < new.through and (r := change(old.frame, new.frame)) is not None
    ]
    assert 0.2 <= np.quantile(moves, 0.1) <= np.quantile(moves, 0.9) <= 0.7
    zeros = [
        version.frame.select(pl.any_horizontal(pl.col(QUANTILES) == 0).mean()).item()
        for version in versions
    ]
    assert 0.1 <= np.mean(zeros) <= 0.2


@pytest.mark.parametrize("model", MODELS)
def test_a_submission_is_whole(model: Model) -> None:
    """Every place has every horizon, 23 quantiles in order, none below 0."""
    for version in submitted(model):
        assert version.frame.height == len(LOCATIONS) * 4
        assert not version.frame.select(KEY).is_duplicated().any()
        values = version.frame.select(QUANTILES).to_numpy()
        assert values.shape[1] == len(LEVELS) == 23
        assert (np.diff(values, axis=1) >= 0).all()
        assert values.min() >= 0


def test_the_calendar_has_gaps() -> None:
    """Three seasons with missed weeks and second submissions, and summers in between."""
    versions = submitted("walk")
    steps = [(new.reference - old.reference).days // 7 for old, new in pairwise(versions)]
    assert len(versions) == 87
    assert sum(step > 10 for step in steps) == len(SEASONS) - 1
    assert steps.count(0) == 6
    assert len({version.reference for version in versions}) == len(SEASONS) * (WEEKS - 3)
    assert all(old.at < new.at for old, new in pairwise(versions))


def test_truth_is_revised_for_weeks() -> None:
    """What is known of a week grows until it is final."""
    at = SEASONS[1]
    later = observed()[0][observed()[0].index(at) + 4]
    first, last = (
        float(truth(day).filter(pl.col("target_end_date") == at)["observation"].sum())
        for day in (at, later)
    )
    assert 0.7 < first / last < 0.95


def test_the_long_form_has_a_row_a_quantile() -> None:
    """A file as hubs ask for it."""
    frame = long_form(next(submissions()))
    assert frame.columns == [
        "reference_date", "target", "horizon", "target_end_date", "location", "output_type",
        "output_type_id", "value",
    ]  # fmt: skip
    assert frame.height == len(LOCATIONS) * 4 * 23
    assert sorted(frame["horizon"].unique()) == [0, 1, 2, 3]
