"""SQL over a store for research: DuckDB views on the Parquet files, one a set.

"sp500-close"                    all unexpired versions of production's shape, with version,
                                 published_at and data_through in front
"sp500-close_at"('production')   one version, by ref (a number as text, an alias, or latest)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from estimates.catalog.at import At
from estimates.catalog.records import Version
from estimates.catalog.ref import LATEST, PRODUCTION
from estimates.catalog.set_view import SetView
from estimates.catalog.view import View
from estimates.contract.duckdb_frames import frame_of, register
from estimates.errors import InvalidError, NotFoundError
from estimates.render.wording import did_you_mean

if TYPE_CHECKING:
    import duckdb

_NAMED = 10  # sets that an error names
_ID = "\x01snapshot"  # no column of a contract can have this name
# Statements that touch no file but those that are read; tables are made in memory.
_READING = frozenset(
    ("SELECT", "MULTI", "CREATE", "INSERT", "UPDATE", "DELETE", "DROP", "SET", "VARIABLE_SET")
)
# A version's rows: verified files, or a frame where there is no file to read.
Source = Callable[[Version], list[Path] | pl.DataFrame]


def query(view: View, source: Source, sql: str, *, other_files: bool = False) -> pl.DataFrame:
    """Run a query; raises InvalidError (`bad_query`) with DuckDB's first lines.

    other_files  whether the query may read files and addresses that are not the store's
    """
    import duckdb  # takes a moment, and few processes ask

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        files: set[str] = set()
        for name, of_set in view.sets.items():
            if name in sql.lower() and of_set.versions:
                files |= _make_views(connection, view, source, name, of_set)
        if not other_files:
            allowed = ", ".join(map(_literal, sorted(files)))
            connection.execute(f"SET allowed_paths = [{allowed}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
        try:
            if not other_files:
                _refuse_writing(connection, sql)
            relation = connection.sql(sql)
            return pl.DataFrame() if relation is None else frame_of(relation)
        except duckdb.Error as error:
            remedy = _quoting(view, sql) or _asking(error) or _naming(view, error)
            remedy = remedy or "mend the query"
            raise InvalidError("bad_query", f"DuckDB: {error}", remedy=remedy) from None


def _refuse_writing(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raises InvalidError (`bad_query`) for statements that may write files: what DuckDB may read
    it may write as well, and these are the store's own.
    """
    for statement in connection.extract_statements(sql):
        kind = statement.type.name
        explains = kind == "EXPLAIN" and not re.search(
            r"\banaly[sz]e", statement.query, re.IGNORECASE
        )
        if kind not in _READING and not explains:
            raise InvalidError(
                "bad_query",
                f"a query of a store has no {kind} statement",
                remedy="ask with SELECT, and write files from the frame that it gives; "
                "other_files=True allows it",
            )


def _asking(error: duckdb.Error) -> str:
    """How to read other files, where that was refused; "" where it was not."""
    refused = "file system operations are disabled" in str(error) or "external" in str(error)
    return "other files are read where that is asked for: other_files=True" if refused else ""


def _quoting(view: View, sql: str) -> str:
    """How to write the name of a set that stands in a query as no identifier; "" for none."""
    for name in view.sets:
        bare = re.search(rf"(?<![\w\"-]){re.escape(name)}(_at)?(?![\w\"-])", sql.lower())
        if bare and not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            view_of = f"\"{name}_at\"('{PRODUCTION}')" if bare[1] else f'"{name}"'
            return f"put the name in double quotes: SELECT * FROM {view_of}"
    return ""


def _naming(view: View, error: duckdb.Error) -> str:
    """Which sets there are, where a query names none of them; "" where it is not that."""
    unknown = re.search(r"(?:Table with name|Table Function with name) (\S+) does not", str(error))
    if unknown is None:
        return ""
    near = did_you_mean(unknown[1].strip('"'), view.sets)
    names = ", ".join(f'"{name}"' for name in [*view.sets][:_NAMED]) or "none"
    return f"the sets are {names}{' and more' if len(view.sets) > _NAMED else ''}{near}"


def _make_views(
    connection: duckdb.DuckDBPyConnection, view: View, source: Source, name: str, of_set: SetView
) -> set[str]:
    """Gives the files that the views read."""
    shape = of_set.present_shape
    versions = [v for v in of_set.versions if v.expired_at is None and v.shape == shape]
    if not versions:
        return set()
    sources = {version.snapshot_id: source(version) for version in versions}
    frames = [
        rows.with_columns(pl.lit(i).alias(_ID))
        for i, rows in sources.items()
        if isinstance(rows, pl.DataFrame)
    ]
    paths = {
        snapshot_id: list(map(str, rows))
        for snapshot_id, rows in sources.items()
        if isinstance(rows, list)
    }
    register(connection, f"{name} versions", _version_table(versions, paths))
    if frames:
        register(connection, f"{name} files", pl.concat(frames))
        files = _identifier(f"{name} files")
    else:
        names = ", ".join(map(_literal, sorted({path for of in paths.values() for path in of})))
        files = f"read_parquet([{names}], filename = '{_ID}')"
    connection.execute(
        f"CREATE VIEW {_identifier(name)} AS "
        f"SELECT v.version, v.published_at, v.data_through, e.* EXCLUDE ({_identifier(_ID)}) "
        f"FROM {_identifier(f'{name} versions')} v JOIN {files} e USING ({_identifier(_ID)})"
    )
    register(connection, f"{name} refs", _refs(view, name, of_set, versions))
    refs = _identifier(f"{name} refs")
    unknown = _literal(f"{name}: this ref names no version of shape {shape} that can be read: ")
    connection.execute(
        f"CREATE MACRO {_identifier(f'{name}_at')}(wanted) AS TABLE SELECT * FROM "
        f"{_identifier(name)} WHERE version = "
        f"coalesce((SELECT version FROM {refs} WHERE ref = CAST(wanted AS VARCHAR)), "
        f"error({unknown} || CAST(wanted AS VARCHAR)))"
    )
    return {path for listed in paths.values() for path in listed}


def _version_table(versions: list[Version], paths: dict[str, list[str]]) -> pl.DataFrame:
    """The versions, each with the names by which its rows are found: paths, or the snapshot."""
    of_versions = pl.DataFrame(
        {
            "version": [v.version for v in versions],
            "published_at": [v.published_at for v in versions],
            "data_through": [v.data_through for v in versions],
            _ID: [paths.get(v.snapshot_id, [v.snapshot_id]) for v in versions],
        },
        schema_overrides={
            "published_at": pl.Datetime("us", "UTC"),
            "data_through": pl.Datetime("us", "UTC"),
        },
    )
    return of_versions.explode(_ID)


def _refs(view: View, name: str, of_set: SetView, versions: list[Version]) -> pl.DataFrame:
    refs = {str(version.version): version.version for version in versions}
    for ref in {PRODUCTION, LATEST, *of_set.aliases}:
        try:
            version = view.resolve(name, At(ref)).version
        except NotFoundError:
            continue
        if str(version) in refs:
            refs[ref] = version
    return pl.DataFrame({"ref": list(refs), "version": list(refs.values())})


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
