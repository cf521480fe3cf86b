"""Limits written into a contract: whatever form the author chose, only limits change, and comments
stay.
"""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimates.calibration.contract_edit import NewLimits, edited, unified_diff
from estimates.errors import InvalidError

HEAD = 'name = "x"  # a set\n[key.id]\ntype = "string"\n'
TAIL = "\n# --- stability ---\n\n[stability]\nrtol = 0.1\n"
P95 = NewLimits("checks", "p95_change", 0.07, 0.2)
BAND = NewLimits("checks", "p95_change", None, None, usual=(0.01, 0.08))


@pytest.mark.parametrize(
    "written",
    [
        "[gate.checks.p95_change]\nwarn = 0.05\n",
        "[gate.checks.p95_change]\nusual = [0.2, 0.3]  # old\nwarn = 0.05\n",
        "[gate.checks]\np95_change = { usual = [0.2, 0.3], warn = 0.05 }\n",
    ],
)
def test_a_band_is_written_beside_limits(written: str) -> None:
    """In a table or in a line, where there was one and where there was none."""
    policy = tomllib.loads(edited(HEAD + written + TAIL, [BAND]))["gate"]["checks"]["p95_change"]
    assert policy == {"usual": [0.01, 0.08], "warn": 0.05}


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (
            "[gate.checks.p95_change]  # ours\nwarn = 0.05   # tight\nblock=0.15\n",
            "[gate.checks.p95_change]  # ours\nwarn = 0.07   # tight\nblock=0.2\n",
        ),
        (
            '[gate.checks.p95_change]\n# see the desk\nseverity = "warn"\n',
            "[gate.checks.p95_change]\nwarn = 0.07\nblock = 0.2\n# see the desk\nseverity = "
            '"warn"\n',
        ),
        (
            '[gate]\npromote = "manual"  # for now\n\n# checks follow one day\n',
            '[gate]\npromote = "manual"  # for now\n\n[gate.checks.p95_change]\nwarn = 0.07\nblock '
            "= 0.2\n\n"
            "# checks follow one day\n",
        ),
        (
            "[gate.checks]\np95_change = { block = 0.3 }  # inline\nsign_flips = {warn = 0.02}\n",
            "[gate.checks]\np95_change = { warn = 0.07, block = 0.2 }  # inline\nsign_flips = "
            "{warn = 0.02}\n",
        ),
        (
            "[gate.checks.p95_change.groups.region.EU]\nwarn = 0.01\n",
            "[gate.checks.p95_change.groups.region.EU]\nwarn = 0.01\n\n"
            "[gate.checks.p95_change]\nwarn = 0.07\nblock = 0.2\n",
        ),
        (
            '[gate."checks"."p95_change"]\nblock = 1.0\n',
            '[gate."checks"."p95_change"]\nwarn = 0.07\nblock = 0.2\n',
        ),
    ],
)
def test_only_the_limits_change(gate: str, expected: str) -> None:
    """Tables are found where they are; a new one follows those of the gate, before the next
    section's comments.
    """
    assert edited(HEAD + gate + TAIL, [P95]) == HEAD + expected + TAIL


def test_a_contract_without_a_policy_gets_one_at_its_end() -> None:
    """Nothing says where else."""
    expected = HEAD + "\n[gate.checks.p95_change]\nwarn = 0.07\nblock = 0.2\n"
    assert edited(HEAD, [P95]) == expected


@pytest.mark.parametrize(
    "gate",
    [
        "gate = { checks = { p95_change = { warn = 1.0 } } }\n",
        "[gate]\nchecks.p95_change.warn = 1.0\n",
    ],
)
def test_a_form_without_lines_of_its_own_is_refused(gate: str) -> None:
    """Rather than a contract that says something else; the error says how to write it."""
    with pytest.raises(InvalidError, match=r"write them as \[gate\.checks\.p95_change\]") as caught:
        edited(gate + HEAD if gate.startswith("gate") else HEAD + gate, [P95])
    assert caught.value.code == "contract_form"


limits = st.floats(1e-6, 1e4).map(lambda value: float(f"{value:.3g}"))
changes = st.lists(
    st.builds(
        NewLimits,
        st.just("checks"),
        st.sampled_from(["p95_change", "sign_flips", "psi"]),
        limits,
        st.none() | limits,
        st.sampled_from([None, "warn", "block"]),
        st.none() | st.tuples(limits, limits),
    ),
    unique_by=lambda change: change.name,
    min_size=1,
)
parts = st.lists(
    st.sampled_from(
        [
            '[gate]\npromote = "manual"\n',
            "# a comment\n",
            "\n",
            "[gate.checks.psi]\nwarn = 0.2 # x\n",
            "[gate.checks.sign_flips]\n",
            "[stability]\nrtol = 0.1\n",
            "[columns.value]\nmin = 0\n",
        ]
    ),
    unique_by=lambda part: part if part.strip() and part[0] != "#" else object(),
)


@given(parts, changes, st.booleans())
def test_the_new_contract_says_what_was_asked(
    parts: list[str], changes: list[NewLimits], ends: bool
) -> None:
    """Whatever stands in the contract: the new one reads as the old one with these limits, and no
    line is lost.
    """
    source = HEAD + "".join(parts)
    source = source if ends else source.rstrip("\n")
    new = edited(source, changes)
    tree = tomllib.loads(new)
    for change in changes:
        entry = tree["gate"]["checks"][change.name]
        assert entry["warn"] == change.warn
        assert change.block is None or entry["block"] == change.block
        assert change.severity is None or entry["severity"] == change.severity
        assert change.usual is None or entry["usual"] == list(change.usual)
    kept = [line for line in source.splitlines() if not line.startswith("warn")]
    left = iter(new.splitlines())
    assert all(line in left for line in kept)


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ("", '\n[gate]\nprofile = "volatile"\n\n'),
        ('[gate]\nprofile = "strict"  # once\n', '[gate]\nprofile = "volatile"  # once\n'),
        ("[gate]\n", '[gate]\nprofile = "volatile"\n'),
        (
            "[gate.checks.psi]\nwarn = 1.0\n",
            '\n[gate]\nprofile = "volatile"\n\n[gate.checks.psi]\nwarn = 1.0\n',
        ),
    ],
)
def test_a_profile_is_put_under_the_gate(gate: str, expected: str) -> None:
    """Where there is no such table, before those of its checks."""
    assert edited(HEAD + gate, [], "volatile").rstrip("\n") == (HEAD + expected).rstrip("\n")


@pytest.mark.parametrize("end", ["\n", ""])
def test_patch_and_git_take_the_diff(tmp_path: Path, end: str) -> None:
    """Both give the new contract, to the byte, also where the last line does not end."""
    source = (HEAD + "[gate.checks.p95_change]\nwarn = 0.05").rstrip("\n") + end
    new = edited(source, [P95])
    diff = unified_diff(source, new, "x.toml")
    for program in (["patch", "--silent", "x.toml"], ["git", "apply", "-"]):
        (tmp_path / "x.toml").write_text(source)
        subprocess.run(program, cwd=tmp_path, input=f"said before\n\n{diff}".encode(), check=True)
        assert (tmp_path / "x.toml").read_text() == new
    assert unified_diff(source, source, "x.toml") == ""
