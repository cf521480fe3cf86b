"""Accuracy as JSON: floats with 12 significant digits, so that equal reports are equal bytes everywhere."""

from __future__ import annotations

from typing import Any

import msgspec

from estimates.accuracy.report import Accuracy, SetAccuracy

_DIGITS = 12


def encode(report: Accuracy | SetAccuracy) -> bytes:
    """A report as JSON."""
    return msgspec.json.encode(_rounded(msgspec.to_builtins(report)))


def decode(body: bytes) -> Accuracy:
    """The scores of a version as they were stored."""
    return msgspec.json.decode(body, type=Accuracy)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list) else value
