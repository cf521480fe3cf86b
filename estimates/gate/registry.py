"""The list of checks: to add one, write its function in the file of its topic and add one line here."""

from __future__ import annotations

from estimates.gate.case import Check

CHECKS: list[Check] = []
