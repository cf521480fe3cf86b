"""The contract as a file: TOML, read with errors that name each wrong field and its line."""

import math
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.field_errors import Fault, faults_of
from estimates.contract.quantile_columns import with_quantile_columns
from estimates.contract.toml_lines import line_numbers, line_of
from estimates.errors import InvalidError
from estimates.redaction import redacted_urls

_SECRET = (
    'a contract is read by many, and this has a secret; write "env:NAME" in its place, and give '
    "the variable NAME the whole of it where the job runs"
)
MAX_BYTES = 1024 * 1024  # of a contract: a faulty one is read again for each of its lines


def parse_contract(source: str | bytes, where: str = "contract") -> Contract:
    """Read a contract from TOML text.

    Raises InvalidError: `bad_toml` (with line and column), `bad_contract` (every fault with its
    line, the field's path and what is allowed).
    """
    if len(source) > MAX_BYTES:
        raise InvalidError(
            "bad_toml",
            f"{where}: has {len(source):,} bytes, and a contract at most {MAX_BYTES:,}",
            remedy="list keys in a file of their own: [domain] keys = ..., docs/contract.md",
        )
    try:
        text = source.decode() if isinstance(source, bytes) else source
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        fault = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise InvalidError(
            "bad_toml",
            f"{where}: not TOML: {fault}",
            remedy="mend that line; docs/contract.md shows every field",
        ) from None
    tree, origins, faults = with_quantile_columns(tree)
    try:
        contract = msgspec.convert(tree, Contract)
    except msgspec.ValidationError:
        contract = None
    faults += _not_finite(tree)
    faults += _secrets(tree.get("job"), ("job",)) if contract else _faults(tree)
    if contract is None or faults:
        raise contract_error(where, _by_origin(faults, origins), line_numbers(text))
    return contract


def _faults(tree: dict[str, Any]) -> list[Fault]:
    """All faults; the contract's own fields are looked at also where its columns are wrong."""
    own = {name: tree[name] for name in ("name", "timezone", "sum_tolerance") if name in tree}
    sound = {"name": "n", "key": {"k": {"type": "string"}}, "columns": {"v": dict[str, Any]()}}
    return list(dict.fromkeys([*faults_of(tree, Contract), *faults_of(sound | own, Contract)]))


def _by_origin(faults: Iterable[Fault], origins: dict[str, str]) -> list[Fault]:
    """Each fault once, at the table of the file that it comes from."""
    return list(
        dict.fromkeys(
            fault._replace(path=("columns", origins[fault.path[1]], *fault.path[2:]))
            if fault.path[:1] == ("columns",) and fault.path[1:] and fault.path[1] in origins
            else fault
            for fault in faults
        )
    )


def contract_error(
    where: str, faults: Sequence[Fault], numbers: dict[tuple[str, ...], int]
) -> InvalidError:
    """The InvalidError `bad_contract` that names every fault, with its line; `numbers` are those of
    `line_numbers`.
    """
    lined = [(_line(fault, numbers), fault) for fault in faults]
    lined.sort(key=lambda pair: pair[0] or 0)
    sentences = [
        f"{where if line is None else f'{where}:{line}'}: {fault}" for line, fault in lined
    ]
    details = [
        {"line": line, "path": list(fault.path), "problem": fault.problem} for line, fault in lined
    ]
    title = [f"{where} has {len(faults)} faults"] if len(faults) > 1 else []
    return InvalidError("bad_contract", "\n".join([*title, *sentences]), faults=details)


def _line(fault: Fault, numbers: dict[tuple[str, ...], int]) -> int | None:
    """The line of a fault; rules about the contract as a whole begin with the field in words."""
    path = (*fault.path, fault.field) if fault.path or fault.field else ()
    return line_of(path or tuple(fault.problem.split(" ")[0].strip(":").split(".")), numbers)


def _not_finite(tree: Any) -> list[Fault]:
    """The numbers that are NaN or infinite."""
    return [
        Fault(path, "NaN and infinities say nothing; leave the field out")
        for path, value in _leaves(tree)
        if isinstance(value, float) and not math.isfinite(value)
    ]


def _secrets(tree: Any, path: tuple[str, ...]) -> list[Fault]:
    """The texts of a job that have a secret, as far as URLs show it. Contracts that are stored are
    not looked at: they have to be read.
    """
    return [
        Fault(place, _SECRET)
        for place, value in _leaves(tree, path)
        if isinstance(value, str) and redacted_urls(value) != value
    ]


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value of a tree that is neither a table nor a list, with its path."""
    children: Iterable[tuple[Any, Any]]
    if isinstance(tree, dict):
        children = tree.items()
    elif isinstance(tree, list):
        children = enumerate(tree)
    else:
        yield path, tree
        return
    for name, child in children:
        yield from _leaves(child, (*path, str(name)))


def read_contract(path: str | Path) -> Contract:
    """Read a contract from a TOML file; raises InvalidError as `parse_contract` does, `no_file`
    when there is none.
    """
    try:
        return parse_contract(Path(path).read_bytes(), str(path))
    except OSError as error:
        raise InvalidError(
            "no_file",
            f"{path}: cannot be read: {error.strerror or error}",
            remedy="name a contract's file; `estimates draft TABLE --key COLUMNS` writes one",
        ) from None
