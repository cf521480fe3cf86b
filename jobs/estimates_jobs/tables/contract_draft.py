"""Draft a contract from a table: what can be guessed is written and marked, the rest is shown as
comments.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from estimates import instants
from estimates.contract.columns import ColumnType, key_text
from estimates.contract.conform import conform
from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.contract.roles import NUMERIC_ROLES, ROLES
from estimates.contract.stored_values import plain
from estimates.contract.text_values import values_of
from estimates.contract.time_values import ASSUMED_ZONE, says_no_zone
from estimates.errors import InvalidError
from estimates.guess.column_types import guess_types
from estimates.guess.draws import INSTEAD
from estimates.guess.guess import Guess
from estimates.guess.guesses import estimate_type, guess_roles, is_named_as_number
from estimates.guess.table_checks import other_layout
from estimates.render.wording import did_you_mean, toml_key, toml_text
from estimates_jobs.tables.domain_draft import Targets, targets_of
from estimates_jobs.tables.gate_draft import gate_lines
from estimates_jobs.tables.hubverse import LONG, widened, without_lone_draws
from estimates_jobs.tables.plain_text import naming, plain_columns, plain_days
from estimates_jobs.tables.sample_tables import guess_of_draws, with_lists
from estimates_jobs.tables.table_files import read_table, typed
from estimates_jobs.tables.text_options import TextOptions

_EXAMPLES = 3
_LOOKED_AT = 20  # rows
_TRIED = 20  # columns tried as an addition to a key that is not unique


class ColumnProfile(msgspec.Struct, frozen=True):
    """What a column holds and what it was taken for.

    role      `key` or the guessed role; `why` says what the guess rests on
    low, high the smallest and largest value as text, None when every value is null
    """

    name: str
    role: str
    type: ColumnType
    why: str
    rows: int
    nulls: int
    distinct: int
    low: str | None
    high: str | None
    examples: tuple[str, ...]


class Draft(msgspec.Struct, frozen=True):
    """A contract as commented TOML that parses, and under which the file can be published."""

    name: str
    contract: str
    profile: list[ColumnProfile]


def draft(
    path: str | Path,
    key: Sequence[str],
    name: str | None = None,
    timezone: str | None = None,
    estimates: Sequence[str] = (),
    now: datetime | None = None,
    options: TextOptions | None = None,
) -> Draft:
    """Draft a contract for the table at `path` whose rows are identified by the columns `key`.

    name       of the set; default: from the file's name
    timezone   of times without one; default: UTC, which the draft says
    estimates  columns that are estimates, where names and values do not say so
    now        tells targets that lie ahead; default: the clock

    The hubverse long form is taken for the columns that it is pivoted to, and draws in columns or
    rows of their own for lists.
    Raises InvalidError: `bad_key_column` (not in the table, or none), `duplicate_key` (with the
    columns that would make the key unique), `no_rows`, `no_estimate`, `bad_contract` (a name
    that no contract can have), and what `read_table` and `conform` raise, `null_key` for instance.
    """
    source, path = str(path), Path(path)
    options = options or TextOptions()
    table = without_lone_draws(_plain_table(source, key, estimates, options), options.notes)
    wide, samples = with_lists(widened(table), key)
    if samples:  # what a table without a contract is told to do with them is done
        options.notes[:] = [note for note in options.notes if not note.endswith(INSTEAD)]
    _check_key(wide, key, source)
    _check_estimates(wide, key, estimates, source)
    with naming(source, options):
        others = wide.drop(samples)
        types = guess_types(others, key, {*estimates, *filter(is_named_as_number, others.columns)})
    zone = timezone or _assumed_zone(wide, types)
    frame = wide.with_columns(
        _as(wide.get_column(column), kind, zone or ASSUMED_ZONE, is_key=column in key)
        for column, kind in types.items()
    )
    frame = frame.with_columns(pl.col(samples).list.median())  # which says what they are about
    guesses = guess_roles(frame, frame.drop(*key).columns, estimates=estimates)
    for column, guess in guesses.items():
        if column in samples:
            guesses[column], types[column] = guess_of_draws(wide.get_column(column)), "numbers"
        else:
            types[column] = estimate_type(frame.get_column(column), guess, types[column])
    targets = targets_of(frame, key, types, now or instants.now())
    name = _name(path) if name is None else name
    text = _contract(name, path, frame, list(key), types, guesses, targets, zone)
    contract = _parsed(text, str(path))
    _check_kept(table, contract, frame, guesses)
    return Draft(
        contract.name,
        text,
        [_profile(frame, column, types[column], guesses) for column in frame.columns],
    )


def _parsed(text: str, path: str) -> Contract:
    try:
        return parse_contract(text, path)
    except InvalidError as error:
        raise InvalidError(
            error.code,
            error.message,
            remedy="rename columns in the file, and name the set with --name",
        ) from None


def _check_kept(
    table: pl.DataFrame, contract: Contract, frame: pl.DataFrame, guesses: dict[str, Guess]
) -> None:
    """Raises what `conform` raises of a table that does not keep its contract."""
    try:
        conform(typed(table, contract), contract)
    except InvalidError as error:
        if error.code != "duplicate_key":
            raise
        raise InvalidError(
            error.code,
            error.message.rpartition("; ")[0],
            remedy=_unique_with(frame, list(contract.key), guesses),
            **error.details,
        ) from None


def _plain_table(
    source: str, key: Sequence[str], estimates: Sequence[str], options: TextOptions
) -> pl.DataFrame:
    table = read_table(source, options)
    table = plain_columns(table, [*key, *LONG[:2]], options, source, estimates)
    return plain_days(table, table.columns, options, source)


def _check_key(table: pl.DataFrame, key: Sequence[str], source: str) -> None:
    wrong = [column for column in key if column not in table.columns]
    if wrong or not key or len(set(key)) < len(key):
        what = (
            f"there is no column {wrong[0]!r}{did_you_mean(wrong[0], table.columns)}"
            if wrong
            else "the key needs at least one column, each once"
        )
        raise InvalidError(
            "bad_key_column",
            f"{source}: {what}; the columns are {', '.join(table.columns)}",
            remedy=other_layout(table.columns) or "name the key's columns with --key A,B",
        )
    if not table.height:
        raise InvalidError(
            "no_rows",
            f"{source}: the table has no rows to draft a contract from",
            remedy="draft it from a table that has some",
        )


def _check_estimates(
    table: pl.DataFrame, key: Sequence[str], estimates: Sequence[str], source: str
) -> None:
    others = [column for column in table.columns if column not in key]
    wrong = [column for column in estimates if column not in others]
    if wrong:
        raise InvalidError(
            "columns",
            f"{source}: there is no column {wrong[0]!r} that could be an estimate; besides the key "
            f"there are {', '.join(others) or 'none'}",
            remedy="name one of these with --estimates",
        )


def _as(series: pl.Series, kind: ColumnType, zone: str, *, is_key: bool) -> pl.Series:
    if series.dtype == pl.String:
        return series if kind == "string" else values_of(series, kind, zone)
    return plain(series, zone, is_key=is_key)


def _assumed_zone(table: pl.DataFrame, types: dict[str, ColumnType]) -> str | None:
    """The zone of times that name none; None where all do."""
    times = (table.get_column(name) for name, kind in types.items() if kind == "timestamp")
    return ASSUMED_ZONE if any(map(_says_no_zone, times)) else None


def _says_no_zone(times: pl.Series) -> bool:
    """Whether a column of times has some without a zone."""
    if times.dtype == pl.String:
        return bool(says_no_zone(times.str.strip_chars()).any())
    return getattr(times.dtype, "time_zone", None) is None


def _unique_with(frame: pl.DataFrame, key: Sequence[str], guesses: dict[str, Guess]) -> str:
    """Which one or two further columns, other than estimates, would make the key unique."""
    carried = [column for column, guess in guesses.items() if guess.role == "attribute"]
    schema = frame.schema  # made anew each time, and long where columns are many
    others = [column for column in carried if not schema[column].is_float()][:_TRIED]
    for count in (1, 2):
        for more in combinations(others, count):
            if not frame.select(*key, *more).is_duplicated().any():
                words = " and ".join(map(repr, more))
                return f"with {words} the key would be unique: --key {','.join((*key, *more))}"
    return "no further column or two would make the key unique; aggregate the table first"


def _profile(
    frame: pl.DataFrame, name: str, kind: ColumnType, guesses: dict[str, Guess]
) -> ColumnProfile:
    series = frame.get_column(name)
    values = series.drop_nulls()
    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        values = values.cast(pl.String)
    low, high = (values.min(), values.max()) if len(values) else (None, None)
    guess = guesses.get(name)
    return ColumnProfile(
        name=name,
        role="key" if guess is None else guess.role,
        type=kind,
        why="named with --key" if guess is None else guess.why,
        rows=len(series),
        nulls=series.null_count(),
        distinct=values.n_unique(),
        low=None if low is None else key_text(low),
        high=None if high is None else key_text(high),
        examples=tuple(map(key_text, _first_values(values))),
    )


def _first_values(values: pl.Series) -> list[Any]:
    """The first different ones; of most columns a few rows have them."""
    first = list(dict.fromkeys(values.head(_LOOKED_AT).to_list()))
    if len(first) < _EXAMPLES < len(values):
        return values.unique(maintain_order=True).head(_EXAMPLES).to_list()
    return first[:_EXAMPLES]


def _name(path: Path) -> str:
    """A legal name from the file's name."""
    legal = re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).lstrip("._-")[:100].rstrip("._-")
    return legal or "estimates"


def _contract(
    name: str,
    path: Path,
    frame: pl.DataFrame,
    key: list[str],
    types: dict[str, ColumnType],
    guesses: dict[str, Guess],
    targets: Targets,
    zone: str | None,
) -> str:
    lines = [
        f"# Drafted from {toml_text(path.name)}, {frame.height} rows.",
        '# Look at every line marked "guessed". A line behind a # says what else can be promised; '
        "it is not checked.",
        f"name = {toml_text(name)}",
        '# description = "What is estimated, by whom, from what"',
        '# owner = "team@example.org"',
    ]
    if zone is not None:
        lines.append(f"timezone = {toml_text(zone)}  # of the times in the table that name none")
    for column in key:
        lines += [
            "",
            f"[key.{toml_key(column)}]",
            f"type = {toml_text(types[column])}  # guessed from its values",
        ]
        if column == targets.column:
            lines.append(_target_line(targets))
    for column, guess in guesses.items():
        lines += ["", *_column(frame.get_column(column), guess, types[column])]
    gate = gate_lines(frame, targets.column, guesses)
    unchecked = _unchecked(path, _domain_lines(frame, targets), gate)
    return "\n".join([*lines, "", *unchecked]) + "\n"


def _target_line(targets: Targets) -> str:
    if targets.beyond:
        return f"target = true  # guessed: it runs beyond {targets.present}, the last day of data"
    return "# target = true  # say so when this is the time an estimate is about"


def _domain_lines(frame: pl.DataFrame, targets: Targets) -> list[str]:
    """The domain that the table keeps, a comment where a version published now would not."""
    if targets.now:
        return [
            "# Which keys a version must have: all series, for the steps after its data.",
            *targets.domain,
        ]
    lines = [
        "# Which keys a version must have. Not checked: any key may come, there must be one.",
        "# [domain]",
        '# kind = "open"',
        f"# minimum = {max(1, frame.height * 9 // 10)}",
    ]
    if targets.domain:
        lines += [
            f"# Or all series, for the steps after its data, which go through {targets.present}: "
            "`--through` says it.",
            *(f"#   {line}" for line in targets.domain),
        ]
    return lines


def _column(series: pl.Series, guess: Guess, kind: ColumnType) -> list[str]:
    lines = [
        f"[columns.{toml_key(series.name)}]",
        f"role = {toml_text(guess.role)}  # guessed: {guess.why}",
    ]
    if kind != ROLES[guess.role].type:
        lines.append(f"type = {toml_text(kind)}")
    if guess.role == "samples":
        lines.append("# joint = []  # the key columns along which one draw goes, as a trajectory")
    for field in ("level", "quantile", "draws", "label", "of"):
        value = getattr(guess, field)
        if value is not None:
            mark = "assumed: nothing says it" if field == "level" and guess.assumed else "guessed"
            text = toml_text(value) if isinstance(value, str) else repr(value)
            lines.append(f"{field} = {text}  # {mark}")
    if series.has_nulls():
        lines.append(f"nullable = true  # {series.null_count()} of {len(series)} are empty")
    if guess.role in NUMERIC_ROLES:
        lines += _bounds(series.drop_nulls())
    if guess.role == "label" and kind == "string":
        values = ", ".join(map(toml_text, series.drop_nulls().unique().sort()))
        lines.append(f"# labels = [{values}]")
    return lines


def _bounds(values: pl.Series) -> list[str]:
    low, high = values.min(), values.max()
    if values.is_empty():
        return ['# unit = "USD"']
    if values.is_between(0, 1).all():
        return [f"# min = 0.0  # seen: {low!r}", f"# max = 1.0  # seen: {high!r}"]
    return [
        '# unit = "USD"',
        f"# min = {low!r}  # the smallest seen",
        f"# max = {high!r}  # the largest seen",
    ]


def _unchecked(path: Path, domain: list[str], gate: list[str]) -> list[str]:
    freshness = """\
# How often versions come and how old their data may be. Not checked.
# [freshness]
# cadence = "1w"
# max_age = "10d\""""
    rest = f"""\
# What `estimates run` does for this set. Without it, `estimates publish` makes a version from a \
file.
# [job]
# function = "load"
# inputs.table = {{ source = {toml_text(path.name)}, static = true }}

# Which versions keep their files. Nothing expires.
# [retention]
# keep_versions = 100"""
    return [*domain, "", *freshness.splitlines(), "", *gate, "", *rest.splitlines()]
