"""Tables in folders, globs, buckets, at a URL and compressed; JSON."""

from __future__ import annotations

import bz2
import gzip
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from estimates.errors import EstimatesError, InvalidError
from estimates.storage.objects import Objects
from estimates_jobs.tables.table_files import read_table, read_with_digest
from estimates_jobs.tables.table_sources import Part
from estimates_jobs.tables.text_options import TextOptions
from tests.s3_server import S3Server

FRAME = pl.DataFrame({"id": [1, 2], "score": [0.5, 0.6]})
CSV = b"id,score\n1,0.5\n2,0.6\n"
TEXT = pl.DataFrame({"id": ["1", "2"], "score": ["0.5", "0.6"]})


@pytest.fixture
def spark(tmp_path: Path) -> Path:
    """A folder as Spark writes it."""
    folder = tmp_path / "spark"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    (folder / "._SUCCESS.crc").write_bytes(b"crc")
    (folder / "part-00002.csv").touch()
    FRAME[:1].write_parquet(folder / "part-00000.snappy.parquet")
    FRAME[1:].write_parquet(folder / "part-00001.snappy.parquet")
    return folder


def test_a_folder_is_one_table(spark: Path) -> None:
    """What begins with _ or a dot is none of it, nor are empty files; a glob is the same."""
    assert read_table(spark).equals(FRAME)
    assert read_table(f"{spark}/*").equals(FRAME)
    assert read_table(f"{spark.parent}/**/*.parquet").equals(FRAME)
    assert read_table(spark / "part-00001.snappy.parquet").equals(FRAME[1:])


def test_folders_named_like_values_are_columns(tmp_path: Path) -> None:
    """Hive's folders: escaped values, and one for null."""
    for folder, row in (("region=N%2FS", 0), ("region=__HIVE_DEFAULT_PARTITION__", 1)):
        (tmp_path / "t" / folder).mkdir(parents=True)
        FRAME[row : row + 1].write_parquet(tmp_path / "t" / folder / "part-0.parquet")
    frame = read_table(tmp_path / "t").sort("id")
    assert frame.rows() == [(1, 0.5, "N/S"), (2, 0.6, None)]
    glob = read_table(f"{tmp_path}/t/region=N*/*.parquet")
    assert glob.rows() == [(1, 0.5, "N/S")]


def test_parts_that_are_none_of_one_table_are_named(spark: Path) -> None:
    """Other columns, other types, another format's log."""
    FRAME.rename({"score": "value"}).write_parquet(spark / "part-00003.parquet")
    with pytest.raises(InvalidError, match=r"part-00003.parquet has no column score and has also"):
        read_table(spark)
    FRAME.cast({"score": pl.String}).write_parquet(spark / "part-00003.parquet")
    with pytest.raises(InvalidError, match="has other types in score"):
        read_table(spark)
    (spark / "_delta_log").mkdir()
    (spark / "_delta_log" / "0.json").write_text("{}")
    with pytest.raises(InvalidError, match=r"spark: cannot be read: .*; check the name"):
        read_table(spark)


def test_a_folder_without_tables_is_named(tmp_path: Path) -> None:
    """With what a table is."""
    with pytest.raises(InvalidError, match="there is no file of a table; name a file, a fold"):
        read_table(tmp_path)


@pytest.mark.parametrize("name", ["gzip", "zstd", "bz2"])
def test_compressed_tables_are_read(tmp_path: Path, name: str) -> None:
    """CSV and Parquet inside, whatever the file is called; half a file is damaged."""
    compress = {"gzip": gzip.compress, "bz2": bz2.compress, "zstd": zstd}[name]
    FRAME.write_parquet(tmp_path / "p")
    (tmp_path / "t").write_bytes(compress((tmp_path / "p").read_bytes()))
    assert read_table(tmp_path / "t").equals(FRAME)
    content = compress(CSV * 100)
    (tmp_path / "t").write_bytes(compress(CSV))
    assert read_table(tmp_path / "t").equals(TEXT)
    (tmp_path / "t").write_bytes(content[: len(content) // 2])
    with pytest.raises(InvalidError, match="is damaged"):
        read_table(tmp_path / "t")


def zstd(content: bytes) -> bytes:
    """The content compressed with Zstandard, as a file."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    "content",
    [
        '[{"id": 1, "score": 0.5}, {"id": 2, "score": 0.6}]',
        '\ufeff{"id":1,"score":0.5}\n\n{"id":2,"score":0.6}\n',
        '\n[\n{"id": 1,\n"score": 0.5},\n{"id": 2, "score": 0.6}]',
    ],
)
def test_json_is_read(tmp_path: Path, content: str) -> None:
    """An array of objects, or an object a line."""
    (tmp_path / "t").write_text(content)
    assert read_table(tmp_path / "t").equals(FRAME)


def test_text_in_json_stays_text_but_for_dates(tmp_path: Path) -> None:
    """Codes and empty text too; a date throughout is a date, as in Parquet."""
    (tmp_path / "t").write_text(
        '{"k":"01","d":"2026-01-01","t":"2026-01-01T00:00:00Z","e":"","n":9223372036854775807}\n'
        '{"k":"1.0","d":null,"t":"2026-01-02T00:00:00Z","e":null,"n":1}\n'
    )
    frame = read_table(tmp_path / "t")
    assert frame["k"].to_list() == ["01", "1.0"]
    assert frame["e"].to_list() == ["", None]
    assert frame["n"].to_list() == [2**63 - 1, 1]
    assert frame.schema["d"] == pl.Date
    assert frame.schema["t"] == pl.Datetime("us", "UTC")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"id":1}\n{"id":\n', "line 2 is no JSON"),
        ('{"id":1}\n[1]\n', "line 2 is no object"),
        ('[{"id":1},\n{"id" 2}]', "line 2 is no JSON"),
        ("[]", "has no rows"),
    ],
)
def test_json_that_is_no_table_names_the_line(tmp_path: Path, content: str, words: str) -> None:
    """And what a table in JSON looks like."""
    (tmp_path / "t").write_text(content)
    with pytest.raises(InvalidError, match=words if content != "[]" else "line 1|no rows"):
        read_table(tmp_path / "t")


def test_an_index_without_a_name_is_left_out(tmp_path: Path) -> None:
    """As pandas itself does, and it is said; other columns are left out where they are named."""
    FRAME.with_columns(pl.lit(7).alias("__index_level_0__")).write_parquet(tmp_path / "t")
    options = TextOptions()
    assert read_table(tmp_path / "t", options).equals(FRAME)
    assert "__index_level_0__ is left out" in options.notes[0]
    assert read_table(tmp_path / "t", TextOptions(ignored=("score",))).columns == ["id"]


def test_the_digest_is_that_of_the_files(spark: Path) -> None:
    """A file's own, and one of names and files for a folder."""
    first = spark / "part-00000.snappy.parquet"
    before = read_with_digest(spark).digest
    assert read_with_digest(first).digest != before
    FRAME[1:].write_parquet(first)
    assert read_with_digest(spark).digest != before


def test_a_bucket_is_read_like_a_folder(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """One object, all below a prefix, a glob; what only begins like the prefix is none of it."""
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    root = f"s3://{s3.bucket()}"
    bucket = Objects(root)
    for name, content in {
        "out/_SUCCESS": b"",
        "out/region=N/part-0.csv": b"id,score\n1,0.5\n",
        "out/region=S/part-1.csv": b"id,score\n2,0.6\n",
        "output/t.csv": b"a\n1\n",
    }.items():
        bucket.put(name, content)
    assert read_table(f"{root}/out").rows() == [("1", "0.5", "N"), ("2", "0.6", "S")]
    assert read_table(f"{root}/out/*/part-1.csv").rows() == [("2", "0.6", "S")]
    assert read_table(f"{root}/out/**/*.csv").height == 2
    assert read_table(f"{root}/out/region=N/part-0.csv").rows() == [("1", "0.5")]
    with pytest.raises(InvalidError, match="there is no file of a table"):
        read_table(f"{root}/none")


class Site(http.server.BaseHTTPRequestHandler):
    """A site with one file, for those who have the token."""

    def do_GET(self) -> None:
        """Send the file, or that there is none."""
        known = self.path == "/days/t.csv?token=a%2Fb"
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(CSV) if known else 0))
        self.end_headers()
        self.wfile.write(CSV if known else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a site on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_url_is_one_file(site: str) -> None:
    """With its query; one that is not there is named."""
    assert read_table(f"{site}/days/t.csv?token=a%2Fb").equals(TEXT)
    with pytest.raises(EstimatesError) as caught:
        read_table(f"{site}/days/none.csv")
    assert caught.value.code == "no_file"


def test_a_file_of_this_machine_is_not_kept(tmp_path: Path) -> None:
    """What was read of a file is read again and not remembered: a batch has thousands of them."""
    path = tmp_path / "table.csv"
    path.write_text("a\n1\n")
    part = Part(str(path), {})
    assert part.content == b"a\n1\n"
    path.write_text("a\n2\n")
    assert part.content == b"a\n2\n"
