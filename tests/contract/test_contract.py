from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from estimates import instants
from estimates.contract.columns import parse_key_part
from estimates.contract.contract import Interval, OpenDomain
from estimates.contract.contract_file import parse_contract, read_contract
from estimates.contract.domain import FileDomain, RollingDomain
from estimates.errors import InvalidError

MINIMAL = """
name = "churn"
[key.customer_id]
type = "string"
[columns.score]
"""

ROLLING = """
name = "close"
[key.ticker]
type = "string"
[key.target_date]
type = "date"
target = true
[columns.value]
unit = "USD"
[columns.lower_80]
role = "lower"
level = 0.8
[columns.upper_80]
role = "upper"
level = 0.8
[domain]
kind = "rolling"
steps = 10
calendar = "XNYS"
values.ticker = ["AAPL", "MSFT"]
"""


def refusal(toml: str) -> str:
    """The message of a contract that is refused."""
    with pytest.raises(InvalidError) as caught:
        parse_contract(toml, "c.toml")
    assert caught.value.code == "bad_contract"
    assert re.match(r"c\.toml(:\d+)?: ", caught.value.message)
    return caught.value.message


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


@pytest.mark.parametrize(
    ("toml", "line"),
    [('name = "a"\nname == 3\n', "line 2, column 7"), ('name = "a\n', "line 1, column 10")],
)
def test_toml_errors_name_the_line(toml: str, line: str) -> None:
    """What is not TOML is refused with file, line and column."""
    with pytest.raises(InvalidError) as caught:
        parse_contract(toml, "c.toml")
    assert caught.value.code == "bad_toml"
    assert "c.toml" in caught.value.message
    assert line in caught.value.message


def test_bytes_that_are_not_utf8_are_not_toml() -> None:
    """A contract in another encoding is refused, not guessed."""
    with pytest.raises(InvalidError, match="not TOML") as caught:
        parse_contract(b'name = "\xff"')
    assert caught.value.code == "bad_toml"


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A contract file that cannot be read is an error of its own."""
    with pytest.raises(InvalidError, match=r"none\.toml: cannot be read: No such file") as caught:
        read_contract(tmp_path / "none.toml")
    assert caught.value.code == "no_file"


def test_file_is_read_and_named_in_errors(tmp_path: Path) -> None:
    """Errors in a contract file start with its path."""
    path = tmp_path / "c.toml"
    path.write_text(MINIMAL)
    assert read_contract(path) == parse_contract(MINIMAL)
    path.write_text(MINIMAL + "size = 3\n")
    with pytest.raises(InvalidError, match=str(path)):
        read_contract(path)


@pytest.mark.parametrize(
    ("extra", "path", "allowed"),
    [
        ("colour = 1", "columns.score", ["scale_floor", "nullable", "role"]),
        ('[columns."a.b"]\nrolle = "x"', "columns.a.b", ["role"]),
        ("[freshness]\nmaximum_age = 1", "freshness", ["cadence", "max_age", "blocks"]),
        ('[domain]\nkind = "open"\nsize = 1', "domain", ["minimum"]),
        ("[gate]\nauto = true", "gate", ["promote", "checks"]),
        (
            "[gate.checks.removed_keys]\nlimit = 1",
            "gate.checks.removed_keys",
            ["warn", "block", "off"],
        ),
        ('[job]\nfunction = "a:b"\nparams = {}', "job", ["parameters", "inputs"]),
        (
            '[job]\nfunction = "a:b"\ninputs.x = {path = "y", source = "s", static = true}',
            "job.inputs.x",
            ["source", "query", "static"],
        ),
        ("[retention]\nkeep = 1", "retention", ["keep_versions", "keep_for"]),
        ("[stability]\nabs = 1", "stability", ["rtol", "atol", "groups"]),
        ("[extra]\nx = 1", "top level", ["key", "columns", "owner"]),
    ],
)
def test_unknown_fields_name_path_and_allowed_ones(
    extra: str, path: str, allowed: list[str]
) -> None:
    """A field that is not known is refused with its path and the fields there are."""
    message = refusal(MINIMAL + extra)
    assert f": {path}: " in message
    assert "unknown field" in message
    listed = message.split("allowed: ")[1].split(", ")
    assert set(allowed) <= set(listed)


@pytest.mark.parametrize(
    ("extra", "path", "allowed"),
    [
        ('role = "pint"', "columns.score.role", "'point', 'lower', 'upper', 'quantile'"),
        ('type = "double"', "columns.score.type", "'float', 'integer', 'string'"),
        ('[domain]\nkind = "closed"', "domain.kind", "'open', 'file', 'product', 'rolling'"),
        ('[gate]\npromote = "yes"', "gate.promote", "'automatic', 'manual'"),
        (
            '[key.other]\ntype = "text"',
            "key.other.type",
            "'string', 'integer', 'date', 'timestamp'",
        ),
    ],
)
def test_wrong_choices_name_the_allowed_values(extra: str, path: str, allowed: str) -> None:
    """A value outside a list of choices is refused with its path and the choices."""
    message = refusal(MINIMAL + extra)
    assert f"{path}: " in message
    assert allowed in message


@pytest.mark.parametrize(
    ("extra", "path", "types"),
    [
        ('min = "low"', "columns.score.min", "got `str`"),
        ("nullable = 1", "columns.score.nullable", "Expected `bool`, got `int`"),
        (
            'role = "label"\nlabels = ["a", 3]',
            "columns.score.labels.1",
            "Expected `str`, got `int`",
        ),
        ("[gate.checks]\nfinite = 3", "gate.checks.finite", "got `int`"),
        ("[stability]\nrtol = true", "stability.rtol", "got `bool`"),
        (
            '[domain]\nkind = "product"\nvalues.customer_id = [2.5]',
            "domain.values.customer_id.0",
            "got `float`",
        ),
    ],
)
def test_wrong_types_name_the_path(extra: str, path: str, types: str) -> None:
    """A value of a wrong type is refused with its path, the types wanted and the type found."""
    message = refusal(MINIMAL + extra)
    assert f": {path}: " in message
    assert types in message


@pytest.mark.parametrize("field", ["name", "key", "columns"])
def test_mandatory_fields_are_named(field: str) -> None:
    """Without name, key or columns there is no contract."""
    parts = {
        "name": 'name = "a"',
        "key": 'key = {k = {type = "string"}}',
        "columns": "columns = {v = {}}",
    }
    assert f"missing required field `{field}`" in refusal(
        "\n".join(parts[name] for name in parts if name != field)
    )


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


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("steps = 10", "steps = 0", "steps must be at least 1"),
        ('values.ticker = ["AAPL", "MSFT"]', "", "exactly these key columns: ticker"),
        (
            'type = "date"\ntarget',
            'type = "integer"\ntarget',
            "the target of a rolling domain is a date or a timestamp",
        ),
        (
            '["AAPL", "MSFT"]',
            '["AAPL"]\nvalues.target_date = ["2026-11-24"]',
            "exactly these key columns: ticker",
        ),
    ],
)
def test_rolling_domains_list_all_but_the_target(before: str, after: str, words: str) -> None:
    """The values of a rolling domain cover every key column except the target, which the calendar
    gives.
    """
    assert before in ROLLING
    assert words in refusal(ROLLING.replace(before, after))


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("date", '"24.11.2026"', "is not a date; write 2026-11-24"),
        ("date", '"2026-02-30"', "day is out of range"),
        ("timestamp", '"2026-11-24"', "is a bare date"),
        ("timestamp", '"2026-11-24T16:00:00Z", "2026-11-24T17:00:00+01:00"', "each once"),
        ("timestamp", '"2026-11-24T16:00:00Z", "2026-11-24T16:00:00.0Z"', "each once"),
        ("date", '"2026-11-24", "2026-11-24"', "each once"),
        ("integer", '"3"', "is not a value of type integer"),
        ("integer", "9223372036854775808", "not an integer of 64 bits"),
    ],
)
def test_listed_values_have_the_type_of_their_key(kind: str, value: str, words: str) -> None:
    """A value of a domain that no key could have is refused with the name of the column."""
    key = f'name="a"\n[key.k]\ntype="{kind}"\n[columns.v]\n'
    toml = f'{key}[domain]\nkind="product"\nvalues.k=[{value}]'
    message = refusal(toml)
    assert words in message


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


def test_file_domain_keeps_its_path() -> None:
    """A file of keys is named in the contract; the store adds its digest."""
    contract = parse_contract(
        MINIMAL + '[domain]\nkind = "file"\nfile = "keys.csv"\nallow_missing = 0.01'
    )
    assert contract.domain == FileDomain("keys.csv", None, 0.01)


def test_key_parts_from_text() -> None:
    """Key parts are read from their one text form."""
    assert parse_key_part("string", "01") == "01"
    assert parse_key_part("integer", "-7") == -7
    assert parse_key_part("date", "2026-11-24") == date(2026, 11, 24)
    assert parse_key_part("timestamp", "2026-11-24T16:00:00+01:00") == datetime(
        2026, 11, 24, 15, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1.0"),
        ("integer", "+1"),
        ("integer", " 1"),
        ("integer", "١"),
        ("integer", "9223372036854775808"),
        ("date", "2026-1-1"),
        ("date", "20260101"),
        ("date", "2026-02-30"),
        ("timestamp", "2026-11-24"),
        ("timestamp", "2026-11-24T16:00:00"),
        ("timestamp", "0001-01-01T00:00:00+14:00"),
        ("timestamp", "2026-11-24T16:00:00.1234569Z"),
    ],
)
def test_other_forms_of_key_parts_are_refused(kind: str, text: str) -> None:
    """What is not the text of a key part is a ValueError, never another key."""
    with pytest.raises(ValueError, match=r".+"):
        parse_key_part(kind, text)  # type: ignore[arg-type]
