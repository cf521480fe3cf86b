"""The gate: which version may be promoted, and why not. `docs/gate.md` lists the checks.

candidate   what is judged, and what it is compared with
case        what a check sees; what a check is
registry    the list of checks
integrity, content, intervals, coverage, times, change, waivers    the checks, by topic
cells       counts and names the rows that break a rule
domain      the keys that a contract asks for
policy      the limits in force in a set
judgement   runs the checks and adds up the verdict
verdict     the answer, and its complete rendering in JSON
text        its rendering for a person at a terminal
"""

from __future__ import annotations

from estimates.gate.candidate import Candidate
from estimates.gate.judgement import judge
from estimates.gate.policy import policy_digest, validate_policy
from estimates.gate.text import render_text
from estimates.gate.verdict import Baseline, CheckResult, Offender, Verdict, parse_json, render_json

__all__ = [
    "Baseline",
    "Candidate",
    "CheckResult",
    "Offender",
    "Verdict",
    "judge",
    "parse_json",
    "policy_digest",
    "render_json",
    "render_text",
    "validate_policy",
]
