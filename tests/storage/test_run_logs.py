"""The file of a run's log."""

from __future__ import annotations

import re

from estimates.storage.run_logs import name_of


def test_any_run_id_has_a_file_of_its_own() -> None:
    """Whatever characters it has, however long it is."""
    ids = ["a", "A", "../../etc/passwd", "a/b", "ÆØÅ", "x" * 5000, " "]
    names = {name_of(run_id) for run_id in ids}
    assert len(names) == len(ids)
    assert all(re.fullmatch(r"runs/[0-9a-f]{64}\.json", name) for name in names)
    assert name_of("a") == name_of("a")
