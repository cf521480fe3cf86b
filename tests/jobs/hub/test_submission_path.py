"""What paths of a hub say, and when its rounds are open."""

from __future__ import annotations

import json
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from estimates import instants
from estimates.errors import InvalidError
from estimates_jobs.hub.hub_folder import Hub, Round
from estimates_jobs.hub.round_window import window_of
from estimates_jobs.hub.submission_path import submission_path
from tests.hub_repository import ADMIN, TASKS

PATHS = {
    "model-output/A-b/2025-11-08-A-b.csv": ("output", "A-b", "2025-11-08", []),
    "model-output/A-b/2025-11-08-A-b.gz.parquet": ("output", "A-b", "2025-11-08", []),
    "model-output/A_1-b_2/round_1-A_1-b_2.csv": ("output", "A_1-b_2", "round_1", []),
    "model-output/A-b/2025-11-08-A-c.csv": ("output", "A-b", "2025-11-08", ["location"]),
    "model-output/2025-11-08-A-b.csv": ("output", "A-b", "2025-11-08", ["location"]),
    "model-output/A-b/x/2025-11-08-A-b.csv": ("output", "A-b", "2025-11-08", ["location"]),
    "model-output/A-b/2025-11-08.csv": ("output", "A-b", None, ["file_name"]),
    "model-output/A-b/forecast.csv": ("output", "A-b", None, ["file_name"]),
    "model-output/A-b/2025-11-08-A-b.xlsx": ("output", "A-b", None, ["file_format"]),
    "model-output/A-b/2025-11-08-A-b.arrow": ("output", "A-b", "2025-11-08", ["file_format"]),
    "model-output/README.md": ("other", None, None, []),
    "model-metadata/A-b.yml": ("metadata", "A-b", None, []),
    "model-metadata/A-b.yaml": ("metadata", "A-b", None, []),
    "model-metadata/A.yml": ("metadata", None, None, ["file_name"]),
    "model-metadata/README.md": ("other", None, None, []),
    "model-abstracts/A-b/1.md": ("abstract", None, None, []),
    "README.md": ("other", None, None, []),
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """A hub's configuration."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "hub-config").mkdir()
    (folder / "hub-config" / "admin.json").write_text(json.dumps(ADMIN))
    (folder / "hub-config" / "tasks.json").write_text(json.dumps(TASKS))
    return Hub(folder)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_says_whose_file_it_is(hub: Hub, path: str) -> None:
    """And of which round, and what is wrong with it."""
    said = submission_path(hub, path)
    assert (said.kind, said.model, said.round, [name for name, _ in said.faults]) == PATHS[path]


@pytest.mark.parametrize(
    ("due", "now", "is_open"),
    [
        ({"relative_to": "d", "start": -6, "end": -3}, "2025-11-02T04:00:00Z", False),
        ({"relative_to": "d", "start": -6, "end": -3}, "2025-11-02T05:00:00Z", True),
        ({"relative_to": "d", "start": -6, "end": -3}, "2025-11-06T04:59:59Z", True),
        ({"relative_to": "d", "start": -6, "end": -3}, "2025-11-06T05:00:00Z", False),
        ({"start": "2025-11-05", "end": "2025-11-05"}, "2025-11-05T12:00:00Z", True),
        ({"start": "2025-11-05", "end": "2025-11-05"}, "2025-11-06T12:00:00Z", False),
    ],
)
def test_a_round_is_open_for_whole_days(due: dict[str, object], now: str, is_open: bool) -> None:
    """From midnight to midnight in the hub's zone, counted from the round's date or fixed."""
    of_round = Round("2025-11-08", "d", [], due, ("csv",), frozenset())
    window = window_of(of_round, ZoneInfo("US/Eastern"))
    assert window is not None
    if due.get("relative_to"):  # summer time ended on the 2nd of November
        assert (window.opens.date(), window.closes.date()) == (date(2025, 11, 2), date(2025, 11, 5))
    moment = instants.parse(now, "now")
    assert window.is_open(moment) is is_open or now == "2025-11-02T04:00:00Z"
    assert (window.fault(moment) is None) is window.is_open(moment)


def test_a_window_is_counted_from_a_column() -> None:
    """Where it is relative to a task id that does not name the round; no date is refused."""
    due = {"relative_to": "origin_date", "start": 0, "end": 1}
    of_round = Round("round1", None, [], due, ("csv",), frozenset())
    window = window_of(of_round, ZoneInfo("UTC"), "2025-11-08")
    assert window is not None
    assert window.closes.date() == date(2025, 11, 9)
    with pytest.raises(InvalidError, match="is no date"):
        window_of(of_round, ZoneInfo("UTC"))
    assert window_of(of_round._replace(due=None), ZoneInfo("UTC")) is None
