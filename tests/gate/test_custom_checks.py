"""Checks of a set's own: a query or a function in the contract, judged, bounded and reported like
every other.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import polars as pl
import pytest

from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.gate import custom_checks
from estimates.gate.policy import policy_digest
from estimates.gate.policy_validation import validate_policy
from estimates.gate.verdict import Verdict, parse_json, render_json
from tests.gate.cases import Setting, contract, frame, simple

RATIO = """
[gate.custom.ratio]
title = "No close doubles"
sql = "SELECT max(c.close / b.close) FROM candidate c JOIN baseline b USING (ticker, target_date)"
offenders = '''SELECT ticker, target_date FROM candidate JOIN baseline b USING (ticker, target_date)
WHERE candidate.close > 1.5 * b.close'''
warn = 1.5
block = 2
"""


def own(more: str) -> Contract:
    """A contract of one string key and one number with a check of its own."""
    return simple(more=f"[gate.custom.own]\n{more}")


def judged(of: Contract, now: list[float], before: list[float] | None = None) -> Verdict:
    """The verdict of keys a, b, … with these numbers."""
    frames = [
        None
        if values is None
        else pl.DataFrame({"k": [chr(97 + i) for i in range(len(values))], "v": values})
        for values in (now, before)
    ]
    return Setting(of, frames[0], frames[1]).evaluate()  # type: ignore[arg-type]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A module in the working directory, of a name of its own since modules are imported once."""
    name = f"own_checks_{abs(hash(request.node.name))}"
    source = """
        def total(candidate, baseline, contract):
            if baseline is None:
                return None
            wild = candidate.filter(candidate["v"] > 100)
            return candidate["v"].sum() / baseline["v"].sum(), 2.0, wild

        def wrong(candidate, baseline, contract):
            return 1.0

        def keyless(candidate, baseline, contract):
            return 3.0, 2.0, candidate.select("v")

        def broken(candidate, baseline, contract):
            raise RuntimeError("no connection")
    """
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_a_query_over_candidate_and_baseline_is_a_check() -> None:
    """Its value is held to its limits, its offenders are keys, and it is numbered after the gate's
    own checks.
    """
    fine = Setting(contract(more=RATIO)).evaluate().check("ratio")
    wild = Setting(contract(more=RATIO), frame(2.5)).evaluate().check("ratio")
    assert (fine.status, fine.number, fine.title, fine.value) == (
        "pass",
        101,
        "No close doubles",
        pytest.approx(1.001),
    )
    assert (wild.status, wild.value, wild.block, wild.offending) == (
        "fail",
        pytest.approx(2.5),
        2,
        25,
    )
    assert wild.offenders[0].key == ["AAPL", "2026-11-23"]


def test_a_query_that_names_the_baseline_is_skipped_without_one() -> None:
    """A first version has nothing to be compared with; a query over the candidate alone is asked
    all the same.
    """
    assert (
        Setting(contract(more=RATIO), baseline=None).evaluate().check("ratio").reason
        == "first_version"
    )
    alone = judged(own('sql = "SELECT max(v) FROM candidate"\nblock = 5'), [1.0, 6.0])
    assert alone.check("own").status == "fail"


def test_a_value_at_the_limit_of_a_query_passes() -> None:
    """Limits are inclusive here too, on either side."""
    assert (
        judged(own('sql = "SELECT max(v) FROM candidate"\nblock = 5'), [1.0, 5.0])
        .check("own")
        .status
        == "pass"
    )
    below = own('sql = "SELECT min(v) FROM candidate"\nwarn = 1\nworse = "below"')
    assert judged(below, [1.0, 5.0]).check("own").status == "pass"
    assert judged(below, [0.5, 5.0]).check("own").status == "warn"


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT nothing FROM candidate", "Binder Error"),
        ("SELECT v FROM candidate", "2 rows of 1 columns, not one number"),
        ("SELECT NULL", "gave NULL"),
        ("SELECT count(*) FROM '/etc/hostname'", "DuckDB"),
        ("SELECT 'nan'::DOUBLE", "its value is nan"),
    ],
)
def test_a_query_that_gives_no_number_is_an_error_that_blocks(sql: str, says: str) -> None:
    """Nothing is known then; files and settings are out of its reach."""
    verdict = judged(own(f'sql = "{sql}"\nblock = 5'), [1.0, 2.0])
    assert verdict.check("own").status == "error"
    assert says in verdict.check("own").message
    assert verdict.blocks


def test_a_function_is_a_check(module: str) -> None:
    """It is given candidate, baseline and contract, and returns value, limit and offending rows."""
    of = own(f'function = "{module}:total"')
    fine, wild = judged(of, [1.0, 2.0], [1.0, 2.1]), judged(of, [1.0, 200.0], [1.0, 2.0])
    assert (fine.check("own").status, fine.check("own").block) == ("pass", 2)
    assert (wild.check("own").status, wild.check("own").offenders[0].key) == ("fail", ["b"])
    assert judged(of, [1.0]).check("own").reason == "nothing_to_say"
    assert list(fine.functions) == ["own"]
    assert parse_json(render_json(wild)) == wild


def test_the_limit_of_the_contract_takes_the_place_of_a_functions(module: str) -> None:
    """What a person wrote counts."""
    of = own(f'function = "{module}:total"\nblock = 1000\nwarn = 50')
    assert judged(of, [1.0, 200.0], [1.0, 2.0]).check("own").status == "warn"


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("wrong", "not (value, limit, offenders) or None"),
        ("keyless", "offenders with the columns v; the key is k"),
        ("broken", "RuntimeError: no connection"),
        ("nothing", "the module has no such function"),
    ],
)
def test_a_function_that_cannot_answer_is_an_error_that_blocks(
    module: str, function: str, says: str
) -> None:
    """Whatever goes wrong in somebody else's code ends in a verdict that says so."""
    verdict = judged(own(f'function = "{module}:{function}"'), [1.0, 2.0])
    assert verdict.check("own").status == "error"
    assert says in verdict.check("own").message


def test_a_module_that_is_not_there_is_an_error() -> None:
    """The message names it."""
    verdict = judged(own('function = "not_there:check"'), [1.0])
    assert "there is no module not_there" in verdict.check("own").message


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("block = 1", "names either 'function' or 'sql'"),
        ('function = "a:b"\nsql = "SELECT 1"\nblock = 1', "names either 'function' or 'sql'"),
        ('function = "nothing"', "write module:function"),
        ('sql = "SELECT 1"', "give 'warn' or 'block'"),
        ('function = "a:b"\noffenders = "SELECT 1"', "'offenders' is a query beside 'sql'"),
    ],
)
def test_a_check_that_says_too_little_or_too_much_is_refused(more: str, says: str) -> None:
    """When the contract is read, not when the first version comes."""
    with pytest.raises(InvalidError) as caught:
        own(more)
    assert caught.value.code == "bad_contract"
    assert says in caught.value.message


def test_a_name_of_the_gate_cannot_be_taken() -> None:
    """Two checks of one name could not be told apart in a verdict."""
    with pytest.raises(InvalidError, match="the gate has a check of this name"):
        validate_policy(simple(more='[gate.custom.nan]\nsql = "SELECT 1"\nblock = 1'))
    with pytest.raises(InvalidError, match="a name is lower-case letters"):
        simple(more='[gate.custom."Über"]\nsql = "SELECT 1"\nblock = 1')


def test_the_policys_digest_knows_checks_of_the_sets_own() -> None:
    """Another query is another policy, and makes verdicts of the old one invalid."""
    first, other = (own(f'sql = "SELECT {n}"\nblock = 5') for n in (1, 2))
    assert policy_digest(first) != policy_digest(other)
    assert policy_digest(first) != policy_digest(simple())


def test_a_function_cannot_leave_the_program_or_change_what_others_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sys.exit` is an error that blocks like any other, and a column dropped in place is dropped
    from a copy.
    """
    source = """
        import sys

        def leaves(candidate, baseline, contract):
            sys.exit(0)

        def drops(candidate, baseline, contract):
            candidate.drop_in_place("v")
            return 0.0, 1.0, None
    """
    (tmp_path / "rude_checks.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(str(tmp_path))
    of = simple(
        more='[gate.custom.a]\nfunction = "rude_checks:drops"\n[gate.custom.b]\nfunction = '
        '"rude_checks:leaves"\n'
    )
    verdict = judged(of, [1.0, 2.0], [1.0, 2.1])
    assert (verdict.check("a").status, verdict.check("b").status) == ("pass", "error")
    assert verdict.check("p95_change").status == "pass"
    assert verdict.blocks


def test_a_profile_leaves_the_limits_of_a_check_of_the_sets_own_alone() -> None:
    """They are the set's already: `strict` does not halve them, `exploratory` takes no block
    away.
    """
    own_check = '[gate.custom.own]\nsql = "SELECT max(v) FROM candidate"\nwarn = 1.5\nblock = 2\n'
    for profile in ("strict", "exploratory"):
        of = simple(more=f'[gate]\nprofile = "{profile}"\n{own_check}')
        result = judged(of, [1.0, 3.0]).check("own")
        assert (result.status, result.warn, result.block) == ("fail", 1.5, 2)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT max(c.closing) FROM candidate c", "gate.custom.own.sql: Binder Error: "),
        ("SELECT max(close) FROM candidates", "gate.custom.own.sql: Catalog Error: "),
        ("SELEC 1", "gate.custom.own.sql: Parser Error: "),
        ("SELECT ticker FROM candidate", "gate.custom.own.sql: it gives VARCHAR; write a query"),
        ("SELECT 1, 2", "gate.custom.own.sql: it gives 2 columns"),
    ],
)
def test_sql_that_does_not_fit_is_refused_when_it_is_defined(sql: str, says: str) -> None:
    """It is bound to tables with the contract's columns, and has to give a number."""
    declared = contract(more=f'[gate.custom.own]\nsql = "{sql}"\nblock = 1\n')
    with pytest.raises(InvalidError) as caught:
        validate_policy(declared)
    assert caught.value.code == "bad_contract"
    assert says in caught.value.message


def test_offenders_of_a_query_have_the_key() -> None:
    """A query for offenders without a column of the key is refused as well."""
    own = '[gate.custom.own]\nsql = "SELECT 1"\nblock = 1\n'
    more = f'{own}offenders = "SELECT ticker FROM candidate"\n'
    with pytest.raises(InvalidError, match="no column 'target_date'; it must give the key"):
        validate_policy(contract(more=more))
    validate_policy(contract(more=RATIO))


def test_a_query_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an error of the check that says so, and not a gate that never answers."""
    monkeypatch.setattr(custom_checks, "QUERY_S", 0.2)
    endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7"
    with pytest.raises(InvalidError, match=r"longer than 0\.2 s"):
        custom_checks._query({}, endless)


def test_a_query_keeps_to_memory_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cross join that has to be sorted is ended, not spilled into the working directory."""
    monkeypatch.chdir(tmp_path)
    small = custom_checks._SETTINGS.replace("4GB", "50MB")
    monkeypatch.setattr(custom_checks, "_SETTINGS", small)
    pairs = "SELECT DISTINCT a.range * 10000 + b.range FROM range(3000) a, range(3000) b"
    with pytest.raises(InvalidError, match="more than 4 GB of memory"):
        custom_checks._query({}, f"SELECT count(*) FROM ({pairs})")
    assert list(tmp_path.iterdir()) == []


def test_an_answer_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offenders that would fill the memory are an error of the check."""
    monkeypatch.setattr(custom_checks, "ANSWER_CELLS", 200_000)
    rows = "SELECT a.range, b.range FROM range(1000000) a, range(1000000) b"
    with pytest.raises(InvalidError, match="more than 100,000 rows"):
        custom_checks._query({}, rows)
    assert custom_checks._query({}, "SELECT range FROM range(200000)").height == 200_000
