"""The contract as a file: TOML, read with errors that name the field and what it allows."""

import math
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from estimates.contract.contract import Contract
from estimates.contract.field_errors import bad_field
from estimates.errors import InvalidError


def parse_contract(source: str | bytes, where: str = "contract") -> Contract:
    """Read a contract from TOML text.

    Raises InvalidError: `bad_toml` (with line and column), `bad_contract` (with the field's path
    and what is allowed).
    """
    try:
        tree = tomllib.loads(source.decode() if isinstance(source, bytes) else source)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidError("bad_toml", f"{where}: not TOML: {error}") from None
    path = _not_finite(tree)
    if path:
        raise InvalidError(
            "bad_contract", f"{where}: {path}: NaN and infinities say nothing; leave the field out"
        )
    try:
        return msgspec.convert(tree, Contract)
    except msgspec.ValidationError as error:
        raise InvalidError("bad_contract", f"{where}: {bad_field(error, Contract, tree)}") from None


def _not_finite(tree: Any) -> str:
    """The path of the first number that is NaN or infinite, or nothing."""
    children: Iterable[tuple[Any, Any]] = ()
    if isinstance(tree, dict):
        children = tree.items()
    elif isinstance(tree, list):
        children = enumerate(tree)
    for name, child in children:
        if isinstance(child, float) and not math.isfinite(child):
            return str(name)
        below = _not_finite(child)
        if below:
            return f"{name}.{below}"
    return ""


def read_contract(path: str | Path) -> Contract:
    """Read a contract from a TOML file; raises InvalidError as `parse_contract` does, `no_file`
    when there is none.
    """
    try:
        return parse_contract(Path(path).read_bytes(), str(path))
    except OSError as error:
        raise InvalidError(
            "no_file", f"{path}: cannot be read: {error.strerror or error}"
        ) from None
