"""A process whose clock is wrong: libfaketime, from its wheel, in front of the system's."""

from __future__ import annotations

import sys
from importlib import resources

import pytest


def clock_ahead(days: int) -> dict[str, str]:
    """The variables with which a process sees a clock that is so many days ahead; where the library
    was not built for this machine the test is skipped.
    """
    library = resources.files("libfaketime") / "vendor/libfaketime/src/libfaketime.so.1"
    if not sys.platform.startswith("linux") or not library.is_file():
        pytest.skip("libfaketime was built for Linux")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{days:+d}d",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
