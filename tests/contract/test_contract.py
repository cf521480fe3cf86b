from __future__ import annotations

from datetime import timedelta

import pytest

from estimates import instants
from estimates.contract.contract import Interval, OpenDomain
from estimates.contract.contract_file import parse_contract
from estimates.contract.domain import RollingDomain
from tests.contract.contracts import MINIMAL, ROLLING, refusal


def test_minimal_contract_checks_nothing_else() -> None:
    """A name, a key column and an estimate column suffice; the rest says "not checked"."""
    contract = parse_contract(MINIMAL)
    assert contract.domain == OpenDomain(minimum=1)
    assert (contract.freshness.cadence, contract.freshness.max_age) == (None, None)
    assert contract.gate.promote == "manual"
    assert (contract.job, contract.target, contract.retention.keep_versions) == (None, None, None)
    column = contract.columns["score"]
    assert (column.role, column.kind, column.min, column.max, column.nullable) == (
        "point",
        "float",
        None,
        None,
        False,
    )


def test_rolling_contract_knows_target_points_and_intervals() -> None:
    """The parts that other modules ask for are derived from the roles."""
    contract = parse_contract(ROLLING)
    assert contract.target == "target_date"
    assert contract.points == ["value"]
    assert contract.judged == ["value", "lower_80", "upper_80"]
    assert contract.intervals() == [Interval("value", 0.8, "lower_80", "upper_80")]
    assert contract.domain == RollingDomain(
        steps=10, calendar="XNYS", values={"ticker": ("AAPL", "MSFT")}
    )


def test_attributes_are_not_judged() -> None:
    """A carried attribute is a column, not an estimate."""
    contract = parse_contract(MINIMAL + '[columns.segment]\nrole = "attribute"\ntype = "string"\n')
    assert contract.judged == ["score"]
    assert list(contract.columns) == ["score", "segment"]


def test_label_is_a_string_by_default() -> None:
    """The type of a column comes from its role unless it is given."""
    contract = parse_contract(
        MINIMAL + '[columns.a]\nrole = "label"\n[columns.b]\nrole = "label"\ntype = "integer"\n'
    )
    assert [contract.columns[name].kind for name in ("a", "b")] == ["string", "integer"]


COLUMN_RULES = [
    ('role = "lower"', "role 'lower' needs 'level'"),
    ('role = "quantile"', "role 'quantile' needs 'quantile'"),
    ('role = "probability"', "role 'probability' needs 'label'"),
    ("level = 0.8", "'level' has no meaning for role 'point'"),
    ("quantile = 0.5", "'quantile' has no meaning for role 'point'"),
    ('role = "score"\nlabel = "x"', "'label' has no meaning for role 'score'"),
    ('role = "lower"\nlevel = 80', "level must lie between 0 and 1, both excluded; got 80"),
    ('role = "quantile"\nquantile = 1', "quantile must lie between 0 and 1"),
    ('labels = ["x"]', "'labels' has no meaning for role 'point'"),
    ('role = "label"\nlabels = ["x", "x"]', "at least one label, each once"),
    ('role = "label"\nlabels = []', "at least one label, each once"),
    (
        'role = "label"\ntype = "integer"\nlabels = ["1"]',
        "'labels' lists text, and this label's type is integer",
    ),
    ('of = "score"', "'of' has no meaning for role 'point'"),
    ('type = "string"', "role 'point' needs type float or integer, not string"),
    (
        'role = "probability"\nlabel = "x"\ntype = "boolean"',
        "role 'probability' needs type float or integer",
    ),
    ('role = "label"\nmin = 0', "bounds need a number"),
    ('role = "attribute"\ntype = "date"\nsoft_max = 0', "bounds need a number"),
    ("min = 2\nmax = 1", "min <= soft_min <= soft_max <= max"),
    ("min = 2\nsoft_min = 1", "min <= soft_min <= soft_max <= max"),
    ("soft_max = 2\nmax = 1", "min <= soft_min <= soft_max <= max"),
    ("scale_floor = 0", "scale_floor must be above 0"),
    ("min = nan", "columns.score.min: NaN and infinities say nothing"),
    ("[stability]\nrtol = inf", "stability.rtol: NaN and infinities"),
    ('[job]\nfunction = "a:b"\nparameters.p = [1.0, -inf]', "job.parameters.p.1: NaN"),
]

CONTRACT_RULES = [
    (
        '[key.when]\ntype = "string"\ntarget = true',
        "a target is a date, a timestamp or an integer step",
    ),
    (
        '[key.a]\ntype = "date"\ntarget = true\n[key.b]\ntype = "date"\ntarget = true',
        "only one column can be the target",
    ),
    ("[columns.as_of]", "column 'as_of': this name is reserved"),
    ("[columns.Version]", "column 'Version': this name is reserved"),
    ('[columns." x"]', "printable text without spaces at its ends"),
    ('[columns."a\\nb"]', "printable text without spaces at its ends"),
    ('[columns.""]', "printable text without spaces at its ends"),
    ("[columns.customer_id]", "'customer_id' is both a key column and an estimate column"),
    ("[columns.SCORE]", "columns 'score' and 'SCORE' differ only in case"),
    ("[columns.Customer_ID]", "columns 'customer_id' and 'Customer_ID' differ only in case"),
    (
        '[columns.l]\nrole = "lower"\nlevel = 0.8',
        "columns.l: the interval of level 0.8 has no upper end",
    ),
    (
        '[columns.u]\nrole = "upper"\nlevel = 0.8',
        "columns.u: the interval of level 0.8 has no lower end",
    ),
    (
        '[columns.l]\nrole = "lower"\nlevel = 0.8\n[columns.m]\nrole = "lower"\nlevel = 0.8',
        "columns.m: the interval of level 0.8 has two lower ends",
    ),
    (
        '[columns.l]\nrole = "lower"\nlevel = 0.8\n[columns.u]\nrole = "upper"\nlevel = 0.9',
        "columns.l: the interval of level 0.8 has no upper end",
    ),
    (
        '[columns.a]\nrole = "quantile"\nquantile = 0.5\n[columns.b]\nrole = "quantile"\nquantile '
        "= 0.50",
        "columns.b and columns.a have the same quantile 0.5",
    ),
    (
        '[columns.a]\nrole = "probability"\nlabel = "x"\n[columns.b]\nrole = "probability"\nlabel '
        '= "x"',
        "columns.b and columns.a have the same label 'x'",
    ),
    (
        '[columns.q]\nrole = "quantile"\nquantile = 0.5\nof = "other"',
        "columns.q.of names 'other', which is no",
    ),
    (
        '[columns.other]\n[columns.q]\nrole = "quantile"\nquantile = 0.5',
        "with several point columns, 'of' says which",
    ),
    ('[stability]\ngroups = ["region"]', "stability.groups names 'region', which is no column"),
    ("[stability]\nrtol = -1", "rtol and atol must not be negative"),
    (
        '[stability]\nrank_groups = ["region"]',
        "stability.rank_groups names 'region', which is no column",
    ),
    ("[stability]\ntop_k = 0", "top_k must be at least 1"),
    ('[freshness]\nmax_age = "1 day"', "'1 day' is not a duration; write 30m, 36h, 1d12h or 2w"),
    ('[freshness]\ncadence = "0h"', "a duration must be longer than 0"),
    ('[freshness]\ncadence = "9999999999w"', "'9999999999w' is longer than 100 years"),
    ('[freshness]\nmax_age = "36525d1s"', "'36525d1s' is longer than 100 years"),
    ('[retention]\nkeep_for = "110000w"', "'110000w' is longer than 100 years"),
    ('[retention]\nkeep_for = "' + "9" * 5000 + 'w"', "is longer than 100 years"),
    ('[retention]\nkeep_for = "0d"', "keep_for must be longer than 0"),
    ("[retention]\nkeep_versions = 0", "keep_versions must be at least 1"),
    (
        '[retention]\nkeep_versions = 2\nkeep_promoted_for = "0d"',
        "keep_promoted_for must be longer than 0",
    ),
    ('[retention]\nkeep_promoted_for = "2w"', "give keep_versions or keep_for too"),
    ('[gate.checks.finite]\noff = " "', "'off' is the reason why the check does not run"),
    (
        '[job]\nfunction = "estimates_jobs.builtin.load"',
        "does not name a function; write module:function",
    ),
    (
        '[job]\nfunction = "a:b"\ninputs.x = {static = true}',
        "an input names one of 'source', 'query' and 'set'",
    ),
    (
        '[job]\nfunction = "a:b"\ninputs.x = {source = "s", query = "q", static = true}',
        "one of 'source', 'query' and 'set'",
    ),
    ('[job]\nfunction = "a:b"\ninputs.x = {source = "s"}', "must not look ahead by accident"),
    (
        '[job]\nfunction = "a:b"\ninputs.x = {source = "s", time = "t", static = true}',
        "names its 'time' column, or",
    ),
    ('[domain]\nkind = "open"\nminimum = 0', "minimum must be at least 1"),
    (
        '[domain]\nkind = "file"\nfile = "k.csv"\nallow_missing = 2',
        "a share between 0 and 1; got 2",
    ),
    (
        '[domain]\nkind = "product"\nvalues = {}',
        "values for exactly these key columns: customer_id",
    ),
    (
        '[domain]\nkind = "product"\nvalues = {customer_id = ["a"], x = ["b"]}',
        "exactly these key columns",
    ),
    (
        '[domain]\nkind = "product"\nvalues.customer_id = []',
        "must list at least one value, each once",
    ),
    (
        '[domain]\nkind = "product"\nvalues.customer_id = ["a", "a"]',
        "must list at least one value, each once",
    ),
    ('[domain]\nkind = "product"\nvalues.customer_id = [1]', "1 is not a value of type string"),
    (
        '[domain]\nkind = "product"\nvalues.customer_id = [".."]',
        "'..' cannot be part of a URL path",
    ),
    (
        '[domain]\nkind = "product"\nvalues.customer_id = ["a\\u0000b"]',
        "'a\\x00b' cannot be part of a URL path",
    ),
    (
        '[domain]\nkind = "rolling"\nsteps = 3\ncalendar = "daily"',
        "needs a key column with target = true",
    ),
]


@pytest.mark.parametrize(("extra", "words"), COLUMN_RULES + CONTRACT_RULES)
def test_contradictions_are_refused(extra: str, words: str) -> None:
    """Each rule of the contract is an error that says what contradicts what."""
    assert words in refusal(MINIMAL + extra)


def test_names_of_sets() -> None:
    """A set's name is lower-case, starts with a letter or digit, and fits a URL and a folder."""
    for name in ("a", "sp500-close", "0.b_c", "x" * 100):
        assert parse_contract(MINIMAL.replace("churn", name)).name == name
    for name in ("", "Churn", "-a", ".a", "a b", "a/b", "x" * 101, "ä"):
        assert "name " in refusal(MINIMAL.replace("churn", name))


def test_attributes_alone_are_no_estimate() -> None:
    """A contract needs a column that is judged."""
    assert "at least one estimate column" in refusal(MINIMAL + 'role = "attribute"')
    assert "at least one key column" in refusal('name = "a"\nkey = {}\n[columns.v]')


def test_same_level_around_two_points() -> None:
    """With several points, `of` keeps their intervals and quantiles apart."""
    ends = "".join(
        f'[columns.{side}_{point}]\nrole = "{side}"\nlevel = 0.8\nof = "{point}"\n'
        for point in ("score", "loss")
        for side in ("lower", "upper")
    )
    contract = parse_contract(MINIMAL + "[columns.loss]\n" + ends)
    assert contract.intervals() == [
        Interval("loss", 0.8, "lower_loss", "upper_loss"),
        Interval("score", 0.8, "lower_score", "upper_score"),
    ]


def test_the_point_of_a_column() -> None:
    """Ends and quantiles belong to the point that `of` names, else to the only one; nothing else
    belongs to a point.
    """
    contract = parse_contract(
        MINIMAL + '[columns.q1]\nrole = "quantile"\nquantile = 0.1\n[columns.q2]\nrole = '
        '"quantile"\nquantile = 0.2\n'
        + 'of = "score"\n[columns.p]\nrole = "probability"\nlabel = "x"\n'
    )
    points = {name: contract.point_of(column) for name, column in contract.columns.items()}
    assert points == {"score": "", "q1": "score", "q2": "score", "p": ""}


def test_intervals_without_a_point() -> None:
    """An interval around a score, or around nothing, has no point."""
    toml = (
        MINIMAL
        + 'role = "score"\n'
        + ROLLING[ROLLING.index("[columns.lower_80]") : ROLLING.index("[domain]")]
    )
    assert parse_contract(toml).intervals() == [Interval("", 0.8, "lower_80", "upper_80")]


def test_durations() -> None:
    """Cadence and maximum age are read as durations."""
    contract = parse_contract(
        MINIMAL + '[freshness]\ncadence = "1d12h"\nmax_age = "2w"\nblocks = true'
    )
    assert contract.freshness.cadence_duration == timedelta(hours=36)
    assert contract.freshness.max_age_duration == timedelta(days=14)
    longest = parse_contract(MINIMAL + '[freshness]\nmax_age = "36525d"').freshness.max_age_duration
    assert longest is not None
    assert instants.now() - longest < instants.now()
