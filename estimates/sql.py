"""SQL over a store for research: DuckDB views on the Parquet files, one a set.

"sp500-close"                    all unexpired versions, with version, published_at, data_through in front
"sp500-close_at"('production')   one version, by ref (a number as text, an alias, or latest)
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import polars as pl

from estimates import snapshot
from estimates.catalog import LATEST, PRODUCTION, SetView, View
from estimates.errors import InvalidError, NotFoundError
from estimates.objects import Objects
from estimates.records import Version

_FILE = "\x01file"  # no column of a contract can have this name
ReadFrame = Callable[[Version], pl.DataFrame]


def query(view: View, objects: Objects, read: ReadFrame, sql: str) -> pl.DataFrame:
    """Run a query; raises InvalidError (`bad_query`) with DuckDB's first lines."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, found in view.sets.items():
            if name in sql and found.versions:
                _make_views(connection, view, objects, read, name, found)
        try:
            relation = connection.sql(sql)
            return pl.DataFrame() if relation is None else relation.pl()
        except duckdb.Error as error:
            raise InvalidError("bad_query", f"DuckDB: {error}") from None


def _make_views(
    connection: duckdb.DuckDBPyConnection, view: View, objects: Objects, read: ReadFrame, name: str, found: SetView
) -> None:
    shape = found.versions[-1].shape
    versions = [v for v in found.versions if v.expired_at is None and v.shape == shape]
    _register(connection, f"{name} versions", _facts(versions, objects))
    if objects.folder is not None:
        paths = sorted({_path(version, objects) for version in versions})
        files = f"read_parquet([{', '.join(map(_literal, paths))}], filename = '{_FILE}')"
    else:
        frames = [read(v).with_columns(pl.lit(_path(v, objects)).alias(_FILE)) for v in versions]
        _register(connection, f"{name} files", pl.concat(frames))
        files = _identifier(f"{name} files")
    connection.execute(
        f"CREATE VIEW {_identifier(name)} AS "
        f"SELECT v.version, v.published_at, v.data_through, e.* EXCLUDE ({_identifier(_FILE)}) "
        f"FROM {_identifier(f'{name} versions')} v JOIN {files} e USING ({_identifier(_FILE)})"
    )
    _register(connection, f"{name} refs", _refs(view, name, found, versions))
    connection.execute(
        f"CREATE MACRO {_identifier(f'{name}_at')}(wanted) AS TABLE SELECT * FROM {_identifier(name)} WHERE version = "
        f"(SELECT version FROM {_identifier(f'{name} refs')} WHERE ref = CAST(wanted AS VARCHAR))"
    )


def _facts(versions: list[Version], objects: Objects) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "version": [v.version for v in versions],
            "published_at": [v.published_at for v in versions],
            "data_through": [v.data_through for v in versions],
            _FILE: [_path(v, objects) for v in versions],
        },
        schema_overrides={"published_at": pl.Datetime("us", "UTC"), "data_through": pl.Datetime("us", "UTC")},
    )


def _refs(view: View, name: str, found: SetView, versions: list[Version]) -> pl.DataFrame:
    refs = {str(version.version): version.version for version in versions}
    for ref in {PRODUCTION, LATEST, *found.aliases}:
        try:
            refs[ref] = view.resolve(name, ref).version
        except NotFoundError:
            continue
    return pl.DataFrame({"ref": list(refs), "version": list(refs.values())})


def _register(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    connection.register(name, frame.to_arrow())


def _path(version: Version, objects: Objects) -> str:
    return f"{objects.root}/{snapshot.folder(version.set, version.snapshot_id)}/estimates.parquet"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
