"""A little of what `just soak` does for hours; docs/reliability.md is of the same faults."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.soak.damage import BAD, damage_files, damage_rows, store_to_damage
from tests.soak.disks import FAULTS, can_mount, can_trace, disks, small_disks
from tests.soak.kills import kills
from tests.soak.outcome import Outcome
from tests.soak.page import PAGE, page

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where stores on bad disks are."""
    return tmp_path_factory.mktemp("disks")


@pytest.mark.parametrize("times", [11, pytest.param(110, marks=pytest.mark.stack)])
def test_whatever_is_damaged(tmp_path: Path, times: int) -> None:
    """A changed file or row of each kind is harmless, or refused and named."""
    whole, chance = store_to_damage(tmp_path), random.Random(times)
    for damage in (damage_files, damage_rows):
        outcomes = list(damage(whole, tmp_path, times, chance))
        assert [outcome for outcome in outcomes if outcome.seen in BAD] == []
        assert len({outcome.fault.split(":")[0] for outcome in outcomes}) >= 7


@pytest.mark.parametrize(
    ("steps", "faults"),
    [
        ((25,), ("a failing disk",)),
        pytest.param(range(1, 60, 9), tuple(FAULTS), marks=pytest.mark.stack),
    ],
)
def test_a_disk_that_fails_at_a_step(
    folder: Path, steps: Sequence[int], faults: tuple[str, ...]
) -> None:
    """Publish says so or succeeds, leaves nothing half-written, and succeeds afterwards."""
    if not can_trace():
        pytest.skip("strace is not installed, or may not trace")
    assert len(list(disks(folder, steps, faults))) == len(faults) * len(steps)


@pytest.mark.parametrize("sizes", [(24,), pytest.param(range(4, 240, 32), marks=pytest.mark.stack)])
def test_a_disk_that_fills_up(folder: Path, sizes: Sequence[int]) -> None:
    """The same where nothing more can be written."""
    if not can_mount():
        pytest.skip("this process may not mount")
    assert len(list(small_disks(folder, sizes))) == len(sizes)


@pytest.mark.stack
def test_killed_again_and_again(tmp_path: Path) -> None:
    """Several kills of one command, then the command once more."""
    assert len(list(kills(tmp_path, 40, random.Random(40)))) >= 40


def test_the_page_tells_of_every_part() -> None:
    """The last run tried each part, and saw nothing that must not be."""
    text = PAGE.read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[:4] == [
        "Changes in files",
        "Changes in the catalog's tables",
        "Disks",
        "Kills",
    ]
    assert not [word for word in BAD if word in text]


def test_what_is_tried_again_is_added() -> None:
    """A second run adds its counts and its revision to those of a part, or takes their place."""
    kill, service = Outcome("kill -9: run", "whole"), Outcome("service: killed", "no answer lost")
    first = page([kill, kill, service], "aaa")
    both = page([kill], "bbb", first, more=True)
    assert "3 faults, of revisions aaa, bbb:" in both
    assert "| kill -9: run | 3 | whole |" in both
    assert "1 faults, of revision aaa:" in both
    assert "1 faults, of revision ccc:" in page([kill], "ccc", both)
    assert "4 faults, of revisions aaa, bbb:" in page([kill], "bbb", both, more=True)
