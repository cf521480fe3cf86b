"""The check `readable`."""

from __future__ import annotations

from tests.gate.cases import Setting, clean_verdict
from tests.gate.faulty_settings import faulty


def test_passes() -> None:
    """A file that can be read, with the manifest's rows, passes."""
    result = clean_verdict().check("readable")
    assert (result.status, result.value) == ("pass", 0)


def test_fails() -> None:
    """A file that cannot be read is a fault."""
    result = faulty("parquet").evaluate().check("readable")
    assert (result.status, result.value) == ("fail", 1)


def test_fails_for_another_number_of_rows() -> None:
    """Another number of rows than the manifest's is a fault."""
    result = Setting(candidate={"rows": 24}).evaluate().check("readable")
    assert (result.status, result.value) == ("fail", 1)
