"""`estimates gate` on real stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from estimates import instants
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.verdict import render_json
from estimates.store.store import Store
from tests.builders import SET
from tests.jobs.cli.calls import call


def test_gate_judges_keeps_the_verdict_and_exits_1_when_it_blocks(store: Store) -> None:
    """A verdict is stored; text and JSON are renderings of it; a blocking one exits 1 and names the
    keys.
    """
    passing = call("gate", SET, 2, "--store", store.root, "--now", "2024-01-03T00:00:00Z")
    assert passing.code == 0
    verdict = store.verdict(SET, 2)
    assert verdict is not None
    assert passing.text == render_text(verdict)
    assert instants.text(verdict.judged_at) == "2024-01-03T00:00:00Z"
    blocking = call("gate", SET, 3, "--store", store.root, "--format", "json")
    assert blocking.code == 1
    refused = store.verdict(SET, 3)
    assert refused is not None
    assert blocking.out == render_json(refused)
    assert "AAPL" in call("gate", SET, 3, "--store", store.root).text


@pytest.mark.parametrize(
    ("what", "code"),
    [(("nosuch", "--file", "x.csv"), "unknown_set"), ((SET, 99), "unknown_version")],
)
def test_what_does_not_exist_is_a_failed_test_too(
    store: Store, tmp_path: Path, what: tuple[object, ...], code: str
) -> None:
    """Where there is no such set or version, JUnit has a failure that says so; the exit code is
    2.
    """
    written = tmp_path / "gate.xml"
    done = call("gate", *what, "--store", store.root, "--write", f"junit={written}")
    assert done.code == 2
    assert f'type="{code}"' in written.read_text()
