"""The words and options of `estimates diff`, and which of them go together."""

from __future__ import annotations

import re
from pathlib import Path

import click
import msgspec

from estimates.contract.contract import Pairing
from estimates_jobs.cli.diff_limits import limit_of
from estimates_jobs.cli.interface.command import PAGES, Options

CHANGES_ON_A_PAGE = 1000  # as everywhere
WRITTEN_KINDS = (".parquet", ".csv", ".arrow")

_REF = re.compile(r"-?\d+|[a-z][a-z0-9_-]{0,99}")  # a version number, an alias, or latest


def is_ref(word: str) -> bool:
    """Whether FROM or TO names a version; a file's name has a dot, a slash or a capital letter, or
    is `-`.
    """
    return _REF.fullmatch(word) is not None


def is_file(word: str) -> bool:
    """Whether there is a table of this name, or standard input."""
    # not needed for two versions
    from estimates_jobs.tables.table_sources import is_source
    from estimates_jobs.tables.table_words import pinned_word

    return word == "-" or is_source(pinned_word(word)[0])


class DiffRequest(msgspec.Struct, frozen=True):
    """What is compared, and how; None for an option that was not given.

    words  SET FROM TO or OLD NEW; with `changes` perhaps a leading part of a key after them
    """

    words: tuple[str, ...]
    key: list[str] | None
    contract: str | None
    rtol: float | None
    atol: float | None
    groups: list[str] | None
    timezone: str | None
    estimates: list[str] | None
    to_set: str | None
    against: str | None
    pairing: Pairing | None
    changes: bool
    why: bool
    by: str | None
    min_change: float | None
    limit: int | None
    cursor: str | None
    output: str | None
    fail_on: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many changes at most."""
        return CHANGES_ON_A_PAGE if self.limit is None else self.limit

    @property
    def smallest_change(self) -> float:
        """What a change's metric is at least."""
        return self.min_change or 0.0

    @property
    def of_two_files(self) -> bool:
        """Whether the words are OLD NEW, and not SET FROM TO."""
        return self._has("key", "contract") or len(self.words) == 2

    @property
    def prefix(self) -> tuple[str, ...]:
        """The leading part of a key after the words."""
        return self.words[2:]

    @property
    def has_tolerance_or_groups(self) -> bool:
        """Whether an option says what a contract would say."""
        return self._has("rtol", "atol", "groups", "estimates")

    @property
    def has_file_options(self) -> bool:
        """Whether an option says how files are compared."""
        return self.has_tolerance_or_groups or self._has("key", "contract", "timezone")

    @property
    def has_change_options(self) -> bool:
        """Whether an option is one for `changes`."""
        return self._has("by", "min_change", "limit", "cursor", "output")

    def _has(self, *options: str) -> bool:
        return any(getattr(self, option) is not None for option in options)


def check_why(options: Options, request: DiffRequest) -> None:
    """Raises UsageError unless `--why` stands alone, after two versions of a set."""
    others = (
        request.has_file_options
        or request.has_change_options
        or request.changes
        or not (request.to_set is request.pairing is request.against is None)
    )
    if len(request.words) != 3 or others or options.format not in ("text", "json"):
        raise click.UsageError("--why stands alone, after SET FROM TO, with --format text or json")
    files = [word for word in request.words[1:] if not is_ref(word)]
    if files:
        raise click.UsageError(
            f"--why compares two versions: it runs their jobs again; {files[0]} names a file"
        )


def check_options(options: Options, request: DiffRequest) -> None:
    """Raises UsageError for too few words, and for options that do not go together."""
    for text in request.fail_on:
        limit_of(text)
    if request.fail_on and request.changes:
        raise click.UsageError("--fail-on is about the report: leave out --changes")
    if request.changes and options.format in PAGES:
        raise click.UsageError("--changes are printed as text, JSON or CSV, not as a page")
    if len(request.words) < (2 if request.against is None else 1):
        raise click.UsageError(
            "two files: OLD NEW --key COLUMNS; two versions of a set: SET FROM TO"
        )
    if not request.changes and (options.csv or request.has_change_options):
        raise click.UsageError(
            "--by, --min-change, --limit, --cursor, --output and --format csv need --changes"
        )
    if request.output is not None:
        if request.limit is not None or request.cursor is not None:
            raise click.UsageError(
                "--output writes all changes: it takes neither --limit nor --cursor"
            )
        if Path(request.output).suffix not in WRITTEN_KINDS:
            raise click.UsageError(
                f"--output: the name of the file ends in {', '.join(WRITTEN_KINDS)}"
            )
    if request.against is not None:
        _check_against(request)
    elif request.to_set is not None:
        _check_other_set(request)
    elif request.of_two_files:
        _check_two_files(request)
    elif request.has_tolerance_or_groups:
        raise click.UsageError(
            "--rtol, --atol, --group and --estimates belong to --key; in a store the contract says "
            "them"
        )


def check_pairing(request: DiffRequest) -> None:
    """Raises UsageError for `--pairing` beside a file."""
    if request.pairing is not None:
        raise click.UsageError(
            "--pairing is for two versions: a file has no moment through which its data go"
        )


def _check_other_set(request: DiffRequest) -> None:
    if len(request.words) < 3 or request.has_file_options:
        raise click.UsageError(
            "--to-set goes with SET FROM TO; the contract of SET says key, tolerance and groups"
        )
    if request.to_set == request.words[0]:
        raise click.UsageError("TO is in SET already: leave --to-set out")


def _check_against(request: DiffRequest) -> None:
    own_options = (request.key, request.contract, request.groups, request.estimates, request.to_set)
    if any(option is not None for option in own_options):
        raise click.UsageError(
            "--against goes with SET, or SET TO; the contract of SET says key, estimates and groups"
        )
    if request.prefix and not request.changes:
        raise click.UsageError("a KEY needs --changes")
    check_pairing(request)


def _check_two_files(request: DiffRequest) -> None:
    if request.contract is not None and (
        request.key is not None or request.has_tolerance_or_groups
    ):
        raise click.UsageError(
            "--contract says the key, the estimates, the tolerance and the groups: give it alone"
        )
    if len(request.words) > 2 and not (request.changes and is_file(request.words[0])):
        raise click.UsageError(
            "--key and --contract are for two files: OLD NEW, and with --changes a KEY after them; "
            "SET FROM TO goes without, because the set's contract says the key"
        )
    check_pairing(request)
