"""Which version a reader means."""

from __future__ import annotations

import subprocess
import sys

import pytest

from estimates.catalog.at import NOW, At
from estimates.errors import InvalidError


def test_a_number_may_be_text() -> None:
    """A version number is one as text too; an alias and `latest` are none."""
    assert [At(ref).number for ref in (3, "3", "production", "latest", "-1")] == [
        3,
        3,
        None,
        None,
        None,
    ]


def test_without_parameters_it_is_production_now() -> None:
    """The default is what most readers mean; equal ones are equal keys of a cache."""
    assert At() == NOW
    assert hash(At("production")) == hash(NOW)
    assert (NOW.as_of, NOW.clock, NOW.shape) == (None, None, None)


def test_what_is_no_ref_is_refused() -> None:
    """Neither a number nor a name."""
    with pytest.raises(InvalidError) as caught:
        _ = At(1.5).number  # type: ignore[arg-type]
    assert caught.value.code == "bad_ref"


@pytest.mark.parametrize(
    "module",
    [
        "estimates.catalog.at",
        "estimates.compare.queries",
        "estimates.compare.change_page",
        "estimates.compare.series_report",
        "estimates.reading.answer",
        "estimates.reading.page_cursor",
    ],
)
def test_what_a_client_needs_loads_no_frames(module: str) -> None:
    """Queries, answers and pages are imported with msgspec alone."""
    program = (
        f"import sys, {module}; print({{'polars', 'numpy', 'duckdb', 'scipy'}} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
