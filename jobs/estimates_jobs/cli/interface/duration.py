"""A duration as an option's value."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from estimates import instants


class Duration(click.ParamType[timedelta]):
    """`30m`, `36h`, `1d12h` or `2w`, as a timedelta."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> timedelta:
        """The duration that a text names; fails as click's types do."""
        try:
            return instants.duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
