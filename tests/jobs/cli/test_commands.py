"""Commands that set up, decide, watch and keep, on real stores."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from estimates import instants
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.verdict import render_json
from estimates.store.store import Store
from tests import builders
from tests.builders import SET
from tests.jobs.cli.calls import Called, call

FRESH = '[freshness]\ncadence = "1d"\nmax_age = "3d"\n'
SCORES = "customer,score,score_lower_90,score_upper_90\n0042,0.5,0.4,0.6\n0007,0.1,0.05,0.2\n"


def _ok(*arguments: object) -> Called:
    called = call(*arguments)
    assert called.code == 0, called.err
    return called


# -- setting up
# ----------------------------------------------------------------------------------------------------


def test_init_makes_a_store_once(tmp_path: Path) -> None:
    """The first init makes folder and catalog, the second changes nothing."""
    root = tmp_path / "a" / "store"
    assert _ok("init", "--store", root, "--format", "json").json == {
        "store": str(root),
        "made": True,
    }
    assert Store(root).sets() == []
    assert _ok("init", "--store", root, "--format", "json").json["made"] is False
    assert "there already" in _ok("init", "--store", root).text


def test_init_where_no_folder_can_be_is_bad_input(tmp_path: Path) -> None:
    """A file in the way, and a bucket without a catalog URL, exit 2."""
    (tmp_path / "file").write_text("")
    assert (
        call("init", "--store", tmp_path / "file" / "store", "--format", "json").error["code"]
        == "bad_store"
    )
    assert (
        call("init", "--store", "s3://bucket/x", "--format", "json").error["code"]
        == "catalog_needed"
    )


def test_migrate_says_that_there_is_nothing_to_do(local_store: Store) -> None:
    """A catalog of the newest schema stays as it is."""
    found = _ok("migrate", "--store", local_store.root, "--format", "json").json
    assert found["from"] == found["to"]
    assert "nothing to do" in _ok("migrate", "--store", local_store.root).text


def test_define_says_what_is_new(local_store: Store, tmp_path: Path) -> None:
    """The same contract again is no revision; a bound is a new revision, a unit a new shape."""
    path = tmp_path / "closes.toml"
    seen = []
    for text in (
        builders.source(),
        builders.source(),
        builders.source(maximum=600.0),
        builders.source().replace("USD", "EUR"),
    ):
        path.write_text(text)
        found = _ok("define", path, "--store", local_store.root, "--format", "json").json
        seen.append((found["revision"], found["shape"], found["new_revision"], found["new_shape"]))
    assert seen == [
        (1, 1, True, True),
        (1, 1, False, False),
        (2, 1, True, False),
        (3, 2, True, True),
    ]
    assert "nothing changed" in _ok("define", path, "--store", local_store.root).text


def test_define_names_line_and_path_of_a_mistake(local_store: Store, tmp_path: Path) -> None:
    """What is no TOML names the line; a wrong value names its path and what is allowed."""
    path = tmp_path / "closes.toml"
    path.write_text("name = \n")
    assert "line 1" in call("define", path, "--store", local_store.root).err
    path.write_text(builders.source(more='[gate]\npromote = "always"\n'))
    called = call("define", path, "--store", local_store.root)
    assert called.code == 2
    assert "gate.promote" in called.err
    assert "automatic" in called.err


def test_define_refuses_a_calendar_nobody_knows(local_store: Store, tmp_path: Path) -> None:
    """A rolling domain over an unknown calendar is refused when it is defined, with the names there
    are.
    """
    text = builders.source(
        more='[domain]\nkind = "rolling"\nsteps = 2\ncalendar = "XNYZ"\nvalues = { ticker = ["A"] '
        "}\n"
    )
    (tmp_path / "contract.toml").write_text(text)
    called = call(
        "define", tmp_path / "contract.toml", "--store", local_store.root, "--format", "json"
    )
    assert (called.code, called.error["code"]) == (2, "unknown_calendar")
    assert "XNYS" in called.error["message"]
    assert local_store.sets() == []


def test_define_copies_the_keys_of_a_file_domain(local_store: Store, tmp_path: Path) -> None:
    """The key file is looked for beside the contract, leading zeros kept; a missing column is
    named.
    """
    (tmp_path / "keys.csv").write_text("customer\n0042\n0007\n")
    path = tmp_path / "churn.toml"
    path.write_text(
        'name = "churn"\n[key.customer]\ntype = "string"\n[columns.score]\n[domain]\nkind = '
        '"file"\nfile = "keys.csv"\n'
    )
    _ok("define", path, "--store", local_store.root)
    listed = Store(local_store.root).domain_keys("churn")
    assert listed is not None
    assert sorted(listed["customer"]) == ["0007", "0042"]
    (tmp_path / "keys.csv").write_text("client\n1\n")
    assert (
        call("define", path, "--store", local_store.root, "--format", "json").error["code"]
        == "columns"
    )


def test_draft_prints_a_contract_that_can_be_defined_and_a_profile_beside_it(
    local_store: Store, tmp_path: Path
) -> None:
    """Standard output is the contract and nothing else; the profile, on standard error, names every
    column.
    """
    table, contract = tmp_path / "scores.csv", tmp_path / "churn.toml"
    table.write_text(SCORES)
    drafted = _ok("draft", table, "--key", "customer", "--name", "churn")
    for column in ("customer", "score", "score_lower_90", "score_upper_90"):
        assert column in drafted.err
    contract.write_bytes(drafted.out)
    assert parse_contract(drafted.out).key["customer"].type == "string"
    _ok("define", contract, "--store", local_store.root)
    facts = _ok("draft", table, "--key", "customer", "--format", "json").json
    assert facts["set"] == "scores"
    assert facts["profile"][0]["name"] == "customer"
    assert parse_contract(facts["contract"]).name == "scores"


# -- deciding
# ----------------------------------------------------------------------------------------------------


@pytest.fixture
def store(local_store: Store) -> Store:
    """Version 1 in production, version 2 published only, version 3 with a value out of bounds."""
    builders.define(local_store, more=FRESH)
    builders.promoted(local_store, "r1", 100.0)
    builders.publish(local_store, "r2", 101.0, day=1)
    builders.publish(local_store, "r3", 900.0, day=2)
    return local_store


def test_gate_judges_keeps_the_verdict_and_exits_1_when_it_blocks(store: Store) -> None:
    """A verdict is stored; text and JSON are renderings of it; a blocking one exits 1 and names the
    keys.
    """
    passing = call("gate", SET, 2, "--store", store.root, "--now", "2024-01-03T00:00:00Z")
    assert passing.code == 0
    verdict = store.verdict(SET, 2)
    assert verdict is not None
    assert passing.text == render_text(verdict)
    assert instants.text(verdict.judged_at) == "2024-01-03T00:00:00Z"
    blocking = call("gate", SET, 3, "--store", store.root, "--format", "json")
    assert blocking.code == 1
    refused = store.verdict(SET, 3)
    assert refused is not None
    assert blocking.out == render_json(refused)
    assert "AAPL" in call("gate", SET, 3, "--store", store.root).text


def test_promote_and_rollback_print_the_move_and_keep_the_reason(store: Store) -> None:
    """Both are events with a reason; a rollback holds, and says how to go on."""
    moved = _ok(
        "promote", SET, 2, "--reason", "looked at it", "--store", store.root, "--format", "json"
    ).json
    assert (moved["kind"], moved["version"], moved["from_version"], moved["reason"]) == (
        "promoted",
        2,
        1,
        "looked at it",
    )
    shown = _ok("rollback", SET, "--reason", "wrong after all", "--store", store.root).text
    assert "production is version 1, before it was 2" in shown
    assert "held" in shown
    assert store.view().set(SET).aliases["production"].held


def test_promote_of_a_blocked_version_exits_1_and_names_the_checks(store: Store) -> None:
    """The gate's no is exit code 1; production stays."""
    called = call(
        "promote", SET, 3, "--reason", "please", "--store", store.root, "--format", "json"
    )
    assert (called.code, called.error["code"]) == (1, "blocked")
    assert "hard_bounds" in called.error["message"]
    assert store.resolve(SET).version == 1


def test_promote_moves_another_alias(store: Store) -> None:
    """An alias of one's own is a ref for readers."""
    _ok("promote", SET, 2, "--reason", "try it", "--alias", "staging", "--store", store.root)
    assert (
        _ok("get", SET, "AAPL", "--ref", "staging", "--store", store.root, "--format", "json").json[
            "version"
        ]
        == 2
    )


def test_a_waiver_is_given_shown_and_taken_back(store: Store) -> None:
    """Waive, promote, unwaive; versions, gate and log tell of it, and a key stands as in a path."""
    at = ("--store", store.root)
    until = ("--reason", "split", "--until", "2100-01-01")
    keyed = _ok(
        "waive", SET, "hard_bounds", "--version", 3, "--keys", "BRK%2FB/2024-06-03", *until, *at
    )
    assert "BRK/B/2024-06-03" in keyed.text
    assert "next: estimates promote closes 3" in keyed.text
    assert "without the waived keys" in call("gate", SET, 3, *at).text
    for check in ("hard_bounds", "p95_change", "jumps", "median_shift"):
        waiver = _ok("waive", SET, check, "--version", 3, *until, *at, "--format", "json").json
    assert (waiver["check"], waiver["keys"], waiver["until"]) == (
        "median_shift",
        None,
        "2100-01-01T23:59:59.999999Z",
    )
    judged = _ok("gate", SET, 3, *at).text
    assert f"waiver {waiver['id']} by " in judged
    assert "until 2100-01-01T23:59:59.999999Z, all keys: split" in judged
    assert "hard_bounds, p95_change, jumps, median_shift" in _ok("versions", SET, *at).text
    rows = _ok("versions", SET, *at, "--format", "json").json["versions"]
    assert [len(row["waivers"]) for row in rows] == [5, 0, 0]
    moved = _ok("promote", SET, 3, "--reason", "split", *at, "--format", "json").json
    assert waiver["id"] in moved["details"]["waivers"]
    told = _ok("explain", SET, "AAPL", "2024-06-03", *at).text
    assert f"waiver {waiver['id']} by " in told
    assert "waived: median_shift until" in told
    back = _ok("unwaive", SET, waiver["id"], "--reason", "no split", *at).text
    assert "production stays version 3" in back
    assert "median_shift" not in back.split("\n", 1)[1]
    log = _ok("log", SET, *at).text
    assert "version 3: hard_bounds waived until 2100-01-01T23:59:59.999999Z for 1 key" in log
    assert f"version 3: waiver {waiver['id']} of median_shift taken back" in log


def test_waivers_that_cannot_be_are_wrong_input(store: Store) -> None:
    """Exit code 2 and what is allowed; a key that is no text is refused, not mended."""
    until = (
        "--reason",
        "split",
        "--until",
        "2100-01-01",
        "--store",
        store.root,
        "--format",
        "json",
    )
    refused = call("waive", SET, "schema", "--version", 3, *until)
    assert (refused.code, refused.error["code"]) == (2, "unwaivable")
    assert "hard_bounds" in refused.error["message"]
    assert (
        call("waive", SET, "hard_bounds", "--version", 3, "--keys", "AAPL", *until).error["code"]
        == "key_parts"
    )
    assert (
        call("waive", SET, "hard_bounds", "--version", 3, "--keys", "%FF/2024-06-03", *until).code
        == 2
    )
    assert call("unwaive", SET, 1, "--reason", "x", "--store", store.root).code == 2


# -- watching
# ----------------------------------------------------------------------------------------------------


def test_versions_newest_first_with_state_verdict_and_run(store: Store) -> None:
    """Every version with its derived state; JSON has the whole provenance."""
    store.judge(SET, 3)
    found = _ok("versions", SET, "--store", store.root, "--format", "json").json["versions"]
    assert [(v["version"], v["state"], v["verdict"]) for v in found] == [
        (3, "refused", "fail"),
        (2, "unjudged", None),
        (1, "production", "warn"),  # its data are older than the contract's maximum age
    ]
    assert found[0]["provenance"]["inputs"][0]["name"] == "prices"
    shown = _ok("versions", SET, "--store", store.root).text
    assert "r3" in shown


def test_log_tells_who_moved_what_when_and_why(store: Store) -> None:
    """Each event in order, with actor and reason; of one set or of all."""
    store.promote(SET, 2, reason="looked at it")
    builders.define(store, "other")
    events = _ok("log", SET, "--store", store.root, "--format", "json").json["events"]
    assert [event["id"] for event in events] == sorted(event["id"] for event in events)
    last = events[-1]
    assert (last["kind"], last["actor"], last["reason"]) == ("promoted", "tester", "looked at it")
    shown = _ok("log", SET, "--store", store.root).text
    assert "production 1 → 2" in shown
    assert "looked at it" in shown
    assert "other" not in shown
    assert "other" in _ok("log", "--store", store.root).text


def test_status_of_a_set_answers_how_often_it_is_updated(store: Store) -> None:
    """Last version, production and its age, cadence, next expected, verdict, hold."""
    store.judge(SET, 2)
    store.promote(SET, 2, reason="good")
    store.rollback(SET, reason="not good")
    found = _ok("status", SET, "--store", store.root, "--format", "json").json["sets"][0]
    published = store.resolve(SET, 3).published_at
    assert found["newest"]["version"] == 3
    assert found["newest"]["outcome"] is None
    assert found["production"]["version"] == 1
    assert (found["production"]["held"], found["production"]["held_because"]) == (True, "not good")
    assert instants.parse(found["next_expected"]) == published + timedelta(days=1)
    assert found["stale"] is True
    assert found["problems"] == ["stale"]
    shown = _ok("status", SET, "--store", store.root).text
    for expected in ("held: not good", "3d: stale", "every 1d", "3 versions"):
        assert expected in shown


def test_status_check_exits_1_when_stale_or_nothing_is_promoted(local_store: Store) -> None:
    """Data older than the contract's maximum age, or nothing promoted, is the answer no; fresh data
    is not.
    """
    text = 'name = "scores"\n[key.customer]\ntype = "string"\n[columns.score]\n' + FRESH
    local_store.define(parse_contract(text), text)
    check = ("status", "--check", "--store", local_store.root)
    assert call(*check).code == 1
    _promote_scores(local_store, "r1", instants.now() - timedelta(days=10))
    assert call(*check).code == 1
    assert call("status", "--store", local_store.root).code == 0
    _promote_scores(local_store, "r2", instants.now() - timedelta(days=2))
    assert call(*check).code == 0
    builders.define(local_store)
    called = call(*check)
    assert called.code == 1
    assert "nothing promoted" in called.text
    assert call("status", "scores", "--check", "--store", local_store.root).code == 0


def _promote_scores(store: Store, run_id: str, data_through: datetime) -> None:
    frame = pl.DataFrame(
        {"customer": ["0042", "0007"], "score": [0.5, 0.1 if run_id == "r1" else 0.101]}
    )
    version = store.publish("scores", frame, Provenance(data_through, run_id))
    store.promote("scores", version.version, reason="test")


def test_without_a_maximum_age_nothing_is_stale(local_store: Store) -> None:
    """What a contract does not say is not checked."""
    builders.define(local_store)
    builders.promoted(local_store, "r1")
    assert call("status", "--check", "--store", local_store.root).code == 0
    assert "not checked" in _ok("status", "--store", local_store.root).text


def test_empty_stores_and_sets_say_so(local_store: Store) -> None:
    """Nothing there yet is an answer in words, not an empty table."""
    root = local_store.root
    assert "no sets yet" in _ok("status", "--store", root).text
    assert "nothing has happened" in _ok("log", "--store", root).text
    builders.define(local_store)
    assert "no versions yet" in _ok("versions", SET, "--store", root).text
    assert "no runs yet" in _ok("runs", SET, "--store", root).text
    assert _ok("runs", SET, "--store", root, "--format", "json").json["runs"] == []


# -- keeping
# ----------------------------------------------------------------------------------------------------


def test_verify_of_a_sound_store(store: Store) -> None:
    """Every file matches; the number of versions is said."""
    assert _ok("verify", "--store", store.root, "--format", "json").json == {
        "versions": 3,
        "faults": [],
    }
    assert "3 versions" in _ok("verify", "--store", store.root).text


def test_sweep_tells_what_it_expired_and_deleted(local_store: Store) -> None:
    """Retention lets go of old versions; the second sweep has nothing to do."""
    builders.define(local_store, more="[retention]\nkeep_versions = 1\n")
    for number in range(3):
        builders.publish(local_store, f"r{number}", 100.0 + number, day=number)
    shown = _ok("sweep", "--store", local_store.root).text
    assert "version 1 expired" in shown
    assert "deleted the files" in shown
    assert _ok("sweep", "--store", local_store.root, "--format", "json").json == {
        "expired": [],
        "deleted": [],
    }
    called = call(
        "get",
        SET,
        "AAPL",
        "2024-06-03",
        "--ref",
        1,
        "--store",
        local_store.root,
        "--format",
        "json",
    )
    assert (called.code, called.error["code"]) == (2, "expired")
