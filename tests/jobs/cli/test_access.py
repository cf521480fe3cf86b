"""`estimates access` and `estimates key`; who may do what by command."""

from __future__ import annotations

import stat
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from estimates.store.store import Store
from tests.builders import SET, define, frame
from tests.jobs.cli.calls import call, ok
from tests.principals.signed import ALL, Keys, forged_promotion
from tests.teams import OF_THE_STORE, THEIRS, WRITES, Teams, make_set

REASON = ("--reason", "because")
REFUSED = ("not_allowed", "unknown_principal", "no_key")


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keys:
    """Keys in a folder; nobody's in the environment, and no MLflow."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("ESTIMATES_KEY", raising=False)
    monkeypatch.delenv("ESTIMATES_ROOT_KEY", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    return Keys(tmp_path / "keys")


@pytest.fixture
def signed(store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Versions 1 in production and two more of a set in which team A may do all."""
    keys.set(store, {"a": dict.fromkeys(ALL, ("closes*",)), "b": {"publish": ("other",)}})
    monkeypatch.setenv("ESTIMATES_STORE", store.root)
    monkeypatch.setenv("ESTIMATES_KEY", str(keys.file("a")))
    return store


def test_each_principal_moves_what_is_theirs(
    local_store: Store, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that writes: team A on team B's set, a stranger and somebody without a key are
    refused with a remedy and leave nothing; team B is answered.
    """
    frame(100.2).write_parquet(tmp_path / "table.parquet")
    frame(100.1).drop("note").write_parquet(tmp_path / "actuals.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESTIMATES_STORE", local_store.root)
    words = {THEIRS: make_set(local_store, tmp_path, THEIRS)}
    teams = Teams(local_store, tmp_path, sa.make_url("sqlite://"), words)
    principals = {"a": dict.fromkeys(ALL, ("a-*",)), "b": dict.fromkeys(ALL, ("b-*",))}
    keys.set(local_store, principals)
    record = f'root = ["{keys.public("a")}"]\n'
    (tmp_path / "access.toml").write_text(record, encoding="utf-8")
    of_set = [command for commands in WRITES.values() for command in commands]
    of_store = [command for commands in OF_THE_STORE.values() for command in commands]
    of_store.append(["access", "set", "access.toml"])
    before, wrong = teams.state(), []
    for who in ("a", "eve", "nobody"):
        key = keys.folder / "none.pem" if who == "nobody" else keys.file(who)
        monkeypatch.setenv("ESTIMATES_KEY", str(key))
        for command in [*of_set, *of_store]:
            called = call(*teams.command(command, THEIRS), "--format", "json")
            code = called.error["code"] if called.code == 2 else called.err
            if code not in REFUSED or "; " not in called.error["message"]:
                wrong.append((who, command, called.code, code))
    assert wrong == []
    after = teams.state()
    assert [part for part in after if after[part] != before[part]] == []
    monkeypatch.setenv("ESTIMATES_KEY", str(keys.file("b")))
    for command in of_set:
        called = call(*teams.command(command, THEIRS), "--format", "json")
        if called.code not in (0, 1, 3):  # 3: MLflow is not reached
            wrong.append(("b", command, called.code, called.err))
    assert wrong == []
    assert call("verify").code == 0


def test_a_run_that_may_not_promote_leaves_it_to_others(
    signed: Store, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that may only publish does so; the version waits."""
    automatic = '[gate]\npromote = "automatic"\n'
    monkeypatch.setenv("ESTIMATES_KEY", str(keys.file("a")))
    define(keys.open(signed, "a"), SET, more=automatic)
    keys.set(signed, {"job": {"publish": ("closes*",)}})
    monkeypatch.setenv("ESTIMATES_KEY", str(keys.file("job")))
    table = tmp_path / "table.csv"
    frame(100.3).with_columns(pl.col("target_date").cast(pl.String)).write_csv(table)
    done = ok("publish", SET, table, "--through", "2024-01-05")
    assert "job lacks the right `promote` in closes" in done.text
    assert signed.view().set(SET).versions[-1].version == 4


def test_keys_are_made_and_shown(
    signed: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key is its owner's alone, is never overwritten, and `show` tells what it may do."""
    monkeypatch.delenv("ESTIMATES_KEY")
    made = ok("key", "create", "--format", "json").json
    path = Path(made["file"])
    assert path == tmp_path / "config" / "estimates" / "key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert call("key", "create", "--format", "json").error["code"] == "file_exists"
    shown = ok("key", "show", "--format", "json").json
    assert (shown["key"], shown["principal"]) == (made["key"], None)
    path.chmod(0o640)
    exposed = call("retire", SET, *REASON, "--format", "json")
    assert (exposed.code, exposed.error["code"]) == (2, "key_exposed")
    path.chmod(0o600)
    path.write_text("nothing")
    assert call("key", "show", "--format", "json").error["code"] == "bad_key_file"


def test_the_record_is_shown_as_the_file_that_sets_it(
    signed: Store, keys: Keys, tmp_path: Path
) -> None:
    """What `show` prints sets the same again; a record that says nonsense is refused."""
    shown = ok("access", "show").text
    file = tmp_path / "access.toml"
    file.write_text(shown)
    ok("access", "set", file, "--key", keys.file("root"), *REASON)
    assert ok("access", "show").text.split("\n", 1)[1] == shown.split("\n", 1)[1]
    assert "access record of 2 principals" in ok("log").text
    for wrong in ('may.read = ["x"]', "more = 1", 'may.publish = ["a*b"]'):
        file.write_text(
            f"{shown}\n{wrong}\n" if "keys" not in wrong else f"root = []\n[p]\n{wrong}"
        )
        refused = call("access", "set", file, "--key", keys.file("root"), "--format", "json")
        assert refused.error["code"] == "bad_access_record"


def test_status_and_verify_tell_of_an_unauthorised_move(signed: Store, keys: Keys) -> None:
    """Who looks sees it: `status --check` and `verify` exit 4, production stays."""
    forged = forged_promotion(signed, SET, 2, "a")
    seen = call("status", "--check")
    assert seen.code == 4
    assert f"event {forged.id} (promoted by a): it is not signed" in seen.text
    assert ok("get", SET, "AAPL", "2024-06-03", "--format", "json").json["version"] == 1
    assert call("verify").code == 4
    walked = call("audit", "--format", "json")
    assert walked.json["first_fault"]["code"] == "unauthorised_move"
