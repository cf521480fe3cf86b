"""Which member of a family the rows of a table belong to, and what a hub says of a member.

A hub (https://docs.hubverse.io, "Model output") keeps `model-output/MODEL/DATE-MODEL.csv`, and what
is known of a model in `model-metadata/MODEL.yml`.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import polars as pl

from estimates.errors import InvalidError
from estimates.render.wording import count
from estimates_jobs.tables.dated_tables import DatedTable
from estimates_jobs.tables.table_files import Table

_DATE_AND_MEMBER = re.compile(r"\d{4}-\d{2}-\d{2}-(?P<member>.+?)\.[a-z]+(?:\.(?:gz|zst|bz2))?")


def by_member(content: Table, table: DatedTable, column: str) -> list[tuple[str, Table]]:
    """The rows of each member, by name: the one that the column names, or the file's name after its
    date where there is no such column.

    Raises InvalidError: `no_member` (neither names one, or a row names none), `no_rows` (of a table
    whose column would name them).
    """
    frame = content.frame
    if column not in frame.columns:
        match = _DATE_AND_MEMBER.fullmatch(PurePosixPath(table.name).name)
        if match is None:
            raise InvalidError(
                "no_member",
                f"{table.name}: has no column {column!r}, and its name is not DATE-MEMBER.csv",
                remedy="say by one of them whose rows these are",
            )
        return [(match["member"], content)]
    if not frame.height:
        raise InvalidError(
            "no_rows",
            f"{table.name}: has a header and no rows, so that nobody has an estimate in it",
            remedy="leave it out",
        )
    nameless = frame.get_column(column).null_count()
    if nameless:
        raise InvalidError(
            "no_member",
            f"{table.name}: column {column!r} names no member in {count(nameless, 'row')}",
            remedy="complete it, or leave these rows out",
        )
    named = frame.with_columns(pl.col(column).cast(pl.String))
    parts = named.partition_by(column, as_dict=True, include_key=False)
    return [(str(name), content._replace(frame=rows)) for (name,), rows in sorted(parts.items())]


def hub_details(file: str, member: str) -> dict[str, str] | None:
    """What the hub that a file lies in says of a model: its plain fields, as text; None where it
    says nothing. Raises InvalidError `bad_file` for a file that is no YAML.
    """
    for folder in Path(file).parents:
        for ending in ("yml", "yaml"):
            described = folder / "model-metadata" / f"{member}.{ending}"
            if described.is_file():
                return _fields(described)
    return None


def _fields(path: Path) -> dict[str, str]:
    import yaml  # only families of hubs need it

    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidError(
            "bad_file",
            f"{path}: is no YAML: {yaml_fault(error)}",
            remedy="mend it, or move it out of the hub's folder of models",
        ) from None
    fields = tree.items() if isinstance(tree, dict) else ()
    return {
        str(name): str(value).lower() if isinstance(value, bool) else str(value).strip()
        for name, value in fields
        if isinstance(value, str | int | float | bool)
    }


def yaml_fault(error: Exception) -> str:
    """What is wrong with text that is no YAML, and where."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None or problem is None:
        return " ".join(str(error).split())
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"
