"""The code of a set's own checks: pinned by the contract, allowed by the operator, left out."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.gate.check_functions import code_digests, with_digests, without_digest
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.policy import policy_digest
from estimates.gate.verdict import CheckResult
from tests.gate.cases import Setting, simple

SOURCE = """
from NAME_helper import limit

def own(candidate, baseline, contract):
    return 1.0, limit, None
"""


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A module of a check in the working directory, and one that it imports; not loaded."""
    name = f"pinned_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(SOURCE.replace("NAME", name))
    (tmp_path / f"{name}_helper.py").write_text("limit = 2.0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return name


def declared(name: str, digest: str = "") -> Contract:
    """A contract with that check."""
    pin = f'\ndigest = "{digest}"' if digest else ""
    return simple(more=f'[gate.custom.own]\nfunction = "{name}:own"{pin}')


def result(of: Contract, *, functions: bool = True) -> CheckResult:
    """What the check says."""
    rows = pl.DataFrame({"k": ["a"], "v": [1.0]})
    return Setting(of, rows, None, functions=functions).evaluate().check("own")


def test_a_contract_pins_the_code_of_its_checks(name: str) -> None:
    """The digest covers what the module imports of its own; knowing it loads nothing."""
    pinned = with_digests(declared(name))
    assert pinned.gate.custom["own"].digest == code_digests(pinned)["own"]
    assert without_digest(declared(name)) == ["own"]
    assert not without_digest(pinned)
    assert name not in sys.modules
    assert policy_digest(pinned) != policy_digest(declared(name))
    assert result(pinned).status == "pass"


def test_changed_code_is_not_run(name: str, tmp_path: Path) -> None:
    """Whoever changes a helper of a check, so that it lets everything through, changes the
    contract; the new contract takes it.
    """
    pinned = with_digests(declared(name))
    (tmp_path / f"{name}_helper.py").write_text("limit = 9.0\n")
    refused = result(pinned)
    assert refused.status == "error"
    assert "its code is not what the contract says" in refused.message
    assert "`estimates define` it again" in refused.message
    assert name not in sys.modules
    with pytest.raises(InvalidError) as caught:
        with_digests(pinned)
    assert caught.value.code == "function_changed"
    assert result(with_digests(declared(name))).status == "pass"


def test_a_pinned_check_without_sources_is_not_run(name: str, tmp_path: Path) -> None:
    """What cannot be compared is no match."""
    pinned = with_digests(declared(name))
    (tmp_path / f"{name}.py").unlink()
    assert "there is no source of module" in result(pinned).message


def test_modules_that_the_operator_does_not_name_are_not_loaded(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check is an error, which blocks, and says what to set."""
    monkeypatch.setenv("ESTIMATES_MODULES", "acme")
    refused = result(declared(name))
    assert refused.status == "error"
    assert "ESTIMATES_MODULES does not name it" in refused.message
    assert name not in sys.modules


def test_functions_are_left_out_aloud(name: str) -> None:
    """A judgement without them says so in the verdict, and in its text."""
    of = declared(name)
    assert (result(of, functions=False).status, result(of, functions=False).reason) == (
        "skipped",
        "no_functions",
    )
    assert name not in sys.modules
    rows = pl.DataFrame({"k": ["a"], "v": [1.0]})
    verdict = Setting(of, rows, None, functions=False).evaluate()
    assert verdict.functions == {}
    assert "code to be loaded, which --no-functions left out" in render_text(verdict)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('sql = "SELECT 1"\nblock = 1\ndigest = "0"', "a query needs none"),
        ('function = "a:b"\ndigest = "abc"', "64 hexadecimal digits"),
    ],
)
def test_a_digest_is_one_of_a_functions_code(more: str, says: str) -> None:
    """Anything else is refused when the contract is read."""
    with pytest.raises(InvalidError, match=says):
        simple(more=f"[gate.custom.own]\n{more}")
