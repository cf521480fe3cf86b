"""Accuracy as JSON: floats with 12 significant digits, so that equal reports are equal bytes everywhere."""

from __future__ import annotations

import msgspec

from estimates.accuracy.report import Accuracy
from estimates.stability.digits import rounded


def encode(report: msgspec.Struct) -> bytes:
    """A report as JSON."""
    return msgspec.json.encode(rounded(msgspec.to_builtins(report)))


def decode(body: bytes) -> Accuracy:
    """The scores of a version as they were stored."""
    return msgspec.json.decode(body, type=Accuracy)
