"""What computes the estimates of a set: its job, and the tables that the job reads."""

import re
from typing import Any

import msgspec

from estimates.contract.columns import Part


class Input(Part, frozen=True):
    """One input of a job: a file, a glob or a DuckDB query.

    source  a file, a folder or a glob of any form of table, relative to the working directory of
            the run
    query   DuckDB SQL instead of a source
    time    the column that says when a row became known; rows after `data_through` are filtered out
    static  true: the input has no time and is passed whole
    """

    source: str | None = None
    query: str | None = None
    time: str | None = None
    static: bool = False

    def __post_init__(self) -> None:
        if (self.source is None) == (self.query is None):
            raise ValueError("an input names either 'source' or 'query'")
        if (self.time is None) != self.static:
            raise ValueError(
                "an input names its 'time' column, or says static = true; a job must not look "
                "ahead by accident"
            )


BUILTIN_JOBS = ("forecast", "load")  # jobs that come with the distribution and need no module


class Job(Part, frozen=True):
    """What computes the estimates: `module:function`, or the name of a built-in job; its parameters
    and inputs.
    """

    function: str
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    inputs: dict[str, Input] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.function not in BUILTIN_JOBS and not re.fullmatch(r"[\w.]+:\w+", self.function):
            raise ValueError(
                f"{self.function!r} does not name a function; write module:function, "
                f"or a built-in job: {' or '.join(BUILTIN_JOBS)}"
            )
