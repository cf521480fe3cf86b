"""How many samples a task has, which ids they have, and which tasks each of them covers."""

from __future__ import annotations

from typing import Any

import pytest

from estimates_jobs.hub.sample_checks import sample_faults
from tests.jobs.hub.small_rounds import MEAN, ids, submission, table, task

IDS = {"place": ids((), ("US", "01")), "step": ids((), (0, 1))}


def words(params: dict[str, Any], *rows: tuple[str, int, object]) -> list[str]:
    """What is said of samples; rows are place, step and the sample's id."""
    lines = [(place, step, "sample", mark, 1) for place, step, mark in rows]
    tasks = [task(IDS, {"sample": {"output_type_id_params": params, "value": {}}})]
    findings = sample_faults(submission(tasks, table([*IDS], *lines)))
    return [finding.message for finding in findings]


def whole(*marks: object, place: str = "US") -> list[tuple[str, int, object]]:
    """Samples that cover both steps of a place."""
    return [(place, step, mark) for mark in marks for step in (0, 1)]


TOGETHER = {"compound_taskid_set": ["place"]}


@pytest.mark.parametrize(
    ("most", "count", "message"),
    [
        ({"min_samples_per_task": 2}, 2, None),
        ({"min_samples_per_task": 3}, 2, "fewer than 3 samples of 1 task"),
        ({"max_samples_per_task": 2}, 2, None),
        ({"max_samples_per_task": 1}, 2, "more than 1 sample of 1 task"),
    ],
)
def test_samples_are_counted_once_for_tasks_drawn_together(
    most: dict[str, int], count: int, message: str | None
) -> None:
    """Their ids, not their rows; both ends are within."""
    rows = whole(*range(count))
    assert words(TOGETHER | most, *rows) == ([message] if message else [])


def test_a_sample_covers_all_tasks_that_it_is_drawn_for() -> None:
    """Those of its own place; another place may have other steps."""
    rows = [*whole(1, 2), ("01", 0, 1)]
    assert words(TOGETHER, *rows) == []
    assert words(TOGETHER, *rows, ("US", 0, 3)) == [
        "1 sample without tasks that others of the same place have"
    ]
    assert words({"compound_taskid_set": ["place", "step"]}, *rows, ("US", 0, 3)) == []
    assert words({}, *rows, ("US", 0, 3)) == []  # without a set each task is drawn by itself


def test_a_set_of_no_task_ids_is_drawn_at_once() -> None:
    """Then every sample covers all tasks of a round."""
    rows = [*whole(1), *whole(1, place="01")]
    assert words({"compound_taskid_set": []}, *rows) == []
    assert words({"compound_taskid_set": []}, *rows, *whole(2)[:1]) != []


@pytest.mark.parametrize(
    ("params", "mark", "message"),
    [
        ({"type": "integer"}, "+7", None),
        ({"type": "integer"}, "1.5", "a sample with an id that is no integer"),
        ({"type": "character", "max_length": 3}, "abc", None),
        (
            {"type": "character", "max_length": 3},
            "abcd",
            "a sample with an id of more than 3 chara",
        ),
        ({"type": "integer"}, None, "a sample with an id that is missing"),
    ],
)
def test_ids_are_of_their_type(params: dict[str, Any], mark: object, message: str | None) -> None:
    """Integers with a sign, texts up to their length; none is missing."""
    said = words(TOGETHER | params, *whole(mark))
    assert [text.startswith(message or "") for text in said] == [True] * (message is not None)


def test_a_task_without_samples_has_nothing_to_say() -> None:
    """Where it asks for none, or a submission has none."""
    rows = table([*IDS], ("US", 0, "mean", None, 1))
    kinds = MEAN | {"sample": {"output_type_id_params": {"min_samples_per_task": 9}}}
    assert list(sample_faults(submission([task(IDS, kinds)], rows))) == []
    assert list(sample_faults(submission([task(IDS, MEAN)], rows))) == []
