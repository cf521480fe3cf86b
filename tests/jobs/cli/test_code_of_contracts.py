"""A job is code: it is loaded where it is run, and nowhere else; the same for checks of a set's own
where they are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from litestar.testing import TestClient

from estimates.store.store import Store
from estimates_api.app import create_app
from tests import builders
from tests.builders import SET
from tests.jobs.cli.calls import call, ok

JOB, CHECK = "loaded_only_in_run", "loaded_only_by_the_gate"
MORE = f"""
[gate.custom.own]
function = "{CHECK}:own"
[job]
function = "{JOB}:job"
parameters = {{ depth = 3 }}
[job.inputs.web]
source = "https://data.example.invalid/prices.csv"
static = true
"""
_MARKED = 'import pathlib\npathlib.Path("{name}.loaded").touch()\n'
# Every command that reads or decides; those that a store of one set has nothing for fail, and load
# nothing all the same.
COMMANDS = """
draft estimates.csv
define contract.toml
init
promote {set} 1 --reason fine
gate policy {set}
gate {set} --file estimates.csv --through 2024-01-02 --no-functions
gate backtest {set} --no-functions
gate backtest {set} --policy contract.toml --no-functions
status {set}
versions {set}
runs {set}
log {set}
get {set} AAPL 2024-06-03
explain {set} AAPL 2024-06-03
history {set} AAPL 2024-06-03
diff {set} 1 2
stability {set}
triangle {set}
score {set} --actuals actuals.csv
export {set}
sql SELECT*FROM(closes)
verify
audit
sweep
hold {set} --version 1 --reason fine
waive {set} 1 p95_change --reason fine
rollback {set} --reason fine
"""


@pytest.fixture
def store(local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A set with a job and a check of its own, whose modules leave a mark when they are loaded, and
    two versions.
    """
    loaded(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / f"{JOB}.py").write_text(_MARKED.format(name=JOB) + "def job(context): pass\n")
    (tmp_path / f"{CHECK}.py").write_text(
        _MARKED.format(name=CHECK) + "def own(candidate, baseline, contract):\n  return 0, 1, None"
    )
    (tmp_path / "contract.toml").write_text(builders.source(more=MORE))
    builders.frame().write_csv(tmp_path / "estimates.csv")
    builders.frame(100.1).drop("note").write_csv(tmp_path / "actuals.csv")
    ok("define", "contract.toml", "--store", local_store.root)
    for n in (1, 2):
        through = ("--through", f"2024-01-0{n}")
        ok("publish", SET, "estimates.csv", *through, "--store", local_store.root)
    assert loaded(tmp_path) == [CHECK]  # published versions are judged by every check
    return local_store


def loaded(folder: Path) -> list[str]:
    """The modules that were loaded, by their marks."""
    for name in (JOB, CHECK):
        sys.modules.pop(name, None)  # the next import is one again
    marks = sorted(folder.glob("*.loaded"))
    for mark in marks:
        mark.unlink()
    return [mark.stem for mark in marks]


def test_commands_that_read_and_decide_load_no_code(store: Store, tmp_path: Path) -> None:
    """None loads the job, none loads a check where functions are left out; the gate of a version
    loads the check, and only run the job.
    """
    codes = {}
    for line in COMMANDS.strip().splitlines():
        words = [word.replace("(", " ").rstrip(")") for word in line.format(set=SET).split()]
        codes[line] = call(*words, "--store", store.root).code
        assert (line, loaded(tmp_path)) == (line, [])
    assert sum(code == 0 for code in codes.values()) >= 20, codes
    call("gate", SET, 2, "--store", store.root)
    assert loaded(tmp_path) == [CHECK]
    call("run", SET, "--through", "2024-01-03", "--store", store.root)
    assert loaded(tmp_path) == [JOB]


def test_the_service_loads_no_code(store: Store, tmp_path: Path) -> None:
    """Answers about the set, its contract, its verdicts and its reports come without either
    module.
    """
    store.promote(SET, 1, reason="fine")
    loaded(tmp_path)
    with TestClient(create_app(store)) as client:
        for path in (
            "", "/contract", "/versions", "/versions/1", "/versions/1/verdict",
            "/estimates/AAPL/2024-06-03", "/estimates/AAPL/2024-06-03/explain",
            "/diff?from=1&to=2", "/stability", "/freshness",
        ):  # fmt: skip
            client.get(f"/v1/sets/{SET}{path}")
        assert client.get(f"/sets/{SET}").status_code == 200
    assert loaded(tmp_path) == []


def test_no_functions_is_for_files(store: Store) -> None:
    """A version is promoted by its verdict, so that one always has every check."""
    called = call("gate", SET, 1, "--no-functions", "--store", store.root)
    assert called.code == 2
    assert "needs every check" in " ".join(called.err.split())


def test_define_pins_the_code_of_checks(store: Store, tmp_path: Path) -> None:
    """A function that changed is no longer run, until the contract is defined again; where the
    module is not here, define says so.
    """
    (tmp_path / f"{CHECK}.py").write_text("def own(*of):\n  return 0, 9, None\n")
    refused = call("gate", SET, 2, "--again", "--store", store.root)
    assert refused.code == 1
    assert "estimates define" in " ".join(refused.text.split())
    assert "contract revision 2" in ok("define", "contract.toml", "--store", store.root).text
    assert call("gate", SET, 2, "--store", store.root).code == 0
    (tmp_path / f"{CHECK}.py").unlink()
    said = ok("define", "contract.toml", "--store", store.root).text
    assert "the code of own is not here" in " ".join(said.split())


def test_an_input_is_fetched_from_hosts_that_the_operator_names(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The built-in job fetches nothing from a host that only the contract names."""
    text = builders.source(more=MORE).replace(f"{JOB}:job", "load")
    Path("contract.toml").write_text(text)
    ok("define", "contract.toml", "--store", store.root)
    refused = call("run", SET, "--through", "2024-01-03", "--store", store.root)
    assert refused.code == 2
    assert "export ESTIMATES_HOSTS=data.example.invalid" in " ".join(refused.err.split())
    monkeypatch.setenv("ESTIMATES_MODULES", "none")
    (Path("contract.toml")).write_text(builders.source(more=MORE))
    ok("define", "contract.toml", "--store", store.root)
    refused = call("run", SET, "--through", "2024-01-03", "--store", store.root)
    assert refused.code == 2
    assert "ESTIMATES_MODULES does not name it" in " ".join(refused.err.split())
