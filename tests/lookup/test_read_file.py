"""The read file: the same answers as a dict, whatever the keys; damage is an error or the right
answer.
"""

from __future__ import annotations

import gc
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, get_ident
from time import sleep
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estimates.contract.columns import key_text
from estimates.contract.conform import conform, schema
from estimates.contract.contract import Contract
from estimates.errors import CorruptError
from estimates.keys.key_form import KeyForm
from estimates.keys.search_keys import SearchKeys
from estimates.lookup import group_search, read_file_layout, read_file_writing
from estimates.lookup.mapped_file import map_file
from estimates.lookup.read_file import ReadFile
from estimates.lookup.read_file_cache import ReadFileCache
from estimates.lookup.read_file_writing import build
from estimates.render.row_text import joined, json_pieces
from estimates.store.store import Store
from tests.builders import SET, TARGETS, TICKERS, define, publish
from tests.lookup.read_files import (
    ID,
    awkward,
    built,
    contract_of,
    notes,
    search,
    tables,
    values,
)


def row(contract: Contract, key: tuple[Any, ...], cells: tuple[Any, Any]) -> dict[str, Any]:
    """A row as its JSON reads: integers exact, dates and timestamps as text."""
    typed = [part if isinstance(part, int) else key_text(part) for part in key]
    value = None if cells[0] is None else cells[0] + 0.0
    return dict(zip(contract.key, typed, strict=True)) | {"value": value, "note": cells[1]}


def assert_equals(
    file: ReadFile, contract: Contract, table: dict[tuple[Any, ...], tuple[Any, Any]]
) -> None:
    """Every key, every leading part, and what is not there give what the dict gives."""
    assert file.rows == len(table)
    whole = {search(contract, *key) for key in table}
    leading = whole | {search(contract, key[0]) for key in table}
    for key, cells in table.items():
        content = file.get(search(contract, *key)) or pytest.fail(f"{key} is not found")
        assert msgspec.json.decode(content) == row(contract, key, cells)
        for length in range(1, len(key) + 1):
            under = file.find(search(contract, *key[:length]))
            expected = sorted(
                (k for k in table if k[:length] == key[:length]),
                key=lambda k: [_order(p) for p in k],
            )
            for taken in (under, under[:1], under[1:], under[:-2]):
                rows = [
                    row(contract, k, table[k])
                    for k in expected[taken.start - under.start :][: len(taken)]
                ]
                assert msgspec.json.decode(b"[%b]" % file.read(taken)) == rows
            few = file.read_few(search(contract, *key[:length]))
            assert few in (None, (len(under), file.read(under)))
            assert few is not None or length != len(key) - 1 or len(under) > read_file_writing.GROUP
        for part in ("!", "~", "zz", "\xff"):
            for absent in (
                search(texts_of(contract), *key[:-1], part),
                search(texts_of(contract), part),
            ):
                assert len(file.find(absent)) == 0 or absent in leading
                assert (file.get(absent) is None) == (absent not in whole)
                assert file.read_few(absent) in (
                    None,
                    (len(file.find(absent)), file.read(file.find(absent))),
                )
    assert len(file.find(search(contract))) == len(table)


def texts_of(contract: Contract) -> Contract:
    """A contract whose key columns are all strings: its keys may be no key of the other one."""
    return contract_of(("string",) * len(contract.key))


def _order(part: Any) -> Any:
    return part.encode() if isinstance(part, str) else part


@given(tables())
@example((contract_of(("string",)), {}))
@example(
    (
        contract_of(("timestamp",)),
        {(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),): (1e300, None)},
    )
)
@example((contract_of(("string", "string")), {("a", "b"): (1.0, "x\0y"), ("a", "c"): (-0.0, None)}))
def test_same_answers_as_a_dict(
    made: tuple[Contract, dict[tuple[Any, ...], tuple[Any, Any]]],
) -> None:
    """Each key and each leading part gives the rows that a dict gives, in key order; what is absent
    gives nothing.
    """
    contract, table = made
    with built(contract, table) as file:
        assert_equals(file, contract, table)


@pytest.mark.parametrize("searches", [0, 1_000_000])
@pytest.mark.parametrize("tops", [1, 2, 3, 1000])
@pytest.mark.parametrize("count", [*range(10), 31, 32, 33])
def test_groups_and_tops(
    count: int, tops: int, searches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows there are to a group and groups to a top, and with the tops in memory or
    not.
    """
    monkeypatch.setattr(read_file_writing, "MEMORY_KEYS", tops)
    monkeypatch.setattr(read_file_writing, "BLOCK", 2)
    monkeypatch.setattr(group_search, "KEYS_WORTH_A_SEARCH", searches)
    contract = contract_of(("integer", "string"))
    table = {
        (i // 7, "ab"[: i % 2 + 1] * (i % 7)): (float(i), None)
        for i in range(1, count * 2, 2)
        if i % 7
    }
    with built(contract, table) as file:
        for _ in range(2):
            assert_equals(file, contract, table)


def test_long_keys_have_fewer_tops(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held in memory is bounded also where keys are long."""
    monkeypatch.setattr(read_file_writing, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(read_file_writing, "GROUP", 2)
    monkeypatch.setattr(read_file_writing, "BLOCK", 2)
    contract = contract_of(("string",))
    table = {(f"{i:02}" + "x" * 500,): (float(i), None) for i in range(40)}
    with built(contract, table) as file:
        assert file.header.block == 32
        assert not file.header.all_in_memory
        assert_equals(file, contract, table)


def test_only_some_files_hold_their_tops(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tops of a file go when those of others come; its answers stay the same."""
    monkeypatch.setattr(group_search, "FILES_WITH_KEYS", 1)
    contract, table = contract_of(("integer",)), {(i,): (float(i), None) for i in range(50)}
    with built(contract, table) as first, built(contract, table) as other:
        for file in (first, other, first):
            for _ in range(3):
                assert_equals(file, contract, table)


@given(tables())
def test_search_keys_sort_as_rows_do(
    made: tuple[Contract, dict[tuple[Any, ...], tuple[Any, Any]]],
) -> None:
    """Search keys made one by one sort as the keys' values do, and are those that the file was
    built with.
    """
    contract, table = made
    form = KeyForm(contract)
    keys = sorted(table, key=lambda key: [_order(part) for part in key])
    sought = [form.search(key) for key in keys]
    assert sought == sorted(set(sought))
    assert sought == [*form.search_many(keys)] == [form.search(form.texts(key)) for key in keys]
    with built(contract, table) as file:
        assert [file.find(key) for key in sought] == [range(i, i + 1) for i in range(len(keys))]


@given(tables(), st.data())
def test_a_forged_key_finds_nothing(
    made: tuple[Contract, dict[tuple[Any, ...], tuple[Any, Any]]], data: st.DataObject
) -> None:
    """Parts that hold NUL, JSON or whole rows of the file are no key of it, nor are empty ones."""
    contract, table = made
    with built(contract, table) as file:
        whole = Path(file.path).read_bytes()
        content = whole[read_file_layout.ROWS_AT : file.header.groups.offsets_at]
        start = data.draw(st.integers(0, len(content)))
        piece = content[start : start + data.draw(st.integers(0, 40))].decode(errors="ignore")
        forged = contract_of(("string",) * len(contract.key))
        for text in (piece, piece.strip("\0"), ""):
            key = [text, *["x"] * (len(contract.key) - 1)]
            for tried in (key, key[::-1]):
                sought = search(forged, *tried)
                assert (file.get(sought) is None) == (
                    sought not in {search(contract, *k) for k in table}
                )


def test_chunks_join(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file built in several chunks is the file built in one."""
    contract = contract_of(("integer", "string"))
    table = {(i, str(i)): (i / 3, None) for i in range(100)}
    with built(contract, table) as file:
        whole = Path(file.path).read_bytes()
    monkeypatch.setattr(read_file_writing, "CHUNK", 2 * read_file_writing.GROUP)
    with built(contract, table) as file:
        assert Path(file.path).read_bytes() == whole


@pytest.mark.slow
@pytest.mark.parametrize("limit", [2, 1000])
@pytest.mark.parametrize("searches", [0, 1_000_000])
@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.stack)])
def test_any_damaged_byte_is_an_error_or_changes_nothing(
    step: int, searches: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever byte is altered, one in three or any: each lookup, hit or miss, ends in
    CorruptError or in the right answer.
    """
    monkeypatch.setattr(read_file_writing, "MEMORY_KEYS", limit)
    monkeypatch.setattr(read_file_writing, "BLOCK", 2)
    monkeypatch.setattr(read_file_writing, "GROUP", 2)
    monkeypatch.setattr(group_search, "KEYS_WORTH_A_SEARCH", searches)
    contract = contract_of(("string", "integer"))
    table = {(ticker, i): (i / 7, None) for ticker in ("AAPL", "ÆØÅ") for i in range(0, 10, 2)}
    harmful = 0
    with built(contract, table) as whole:
        content = Path(whole.path).read_bytes()
        questions = [
            search(contract, *key)
            for key in [*list(table)[::3], ("AAPL", 7), ("XXXX", 1), ("A", 1), ("Ø", 9)]
        ]
        prefixes = [search(contract, ticker) for ticker in ("AAPL", "ÆØÅ", "XXXX", "A", "Ø")]
        expected = [whole.get(question) for question in questions]
        ranges = [whole.read(whole.find(prefix)) for prefix in prefixes]
        fews = [whole.read_few(prefix) for prefix in prefixes]
        for i in range(0, len(content), step):
            damaged = bytearray(content)
            damaged[i] ^= 1 << (i % 8)
            Path(whole.path).write_bytes(damaged)
            try:
                file = ReadFile(whole.path, ID)
            except CorruptError:
                harmful += 1
                continue
            for question, answer in zip(questions, expected, strict=True):
                harmful += _differs(lambda q=question, f=file: f.get(q), answer)
                harmful += _differs(lambda q=question, f=file: f.get_near(q, 2)[0], answer)
            harmful += _differs(lambda f=file: f.get_many(SearchKeys.of(questions)), expected)
            for prefix, rows, few in zip(prefixes, ranges, fews, strict=True):
                harmful += _differs(lambda p=prefix, f=file: f.read(f.find(p)), rows)
                harmful += _differs(lambda p=prefix, f=file: f.read_few(p), few)
    assert harmful > 1000 / step


def _differs(ask: Any, expected: Any) -> bool:
    """Whether a question ended in CorruptError; any answer must be the right one."""
    try:
        answer = ask()
    except CorruptError as error:
        assert error.code == "lookup_damaged"  # noqa: PT017
        return True
    assert answer == expected
    return False


@pytest.mark.parametrize("kept", [0, 1, 15, 16, 100, 1100, -1])
def test_a_truncated_file_is_an_error(kept: int) -> None:
    """A file that ends too early is refused when it is opened."""
    contract = contract_of(("integer",))
    with built(contract, {(i,): (1.0, None) for i in range(20)}) as whole:
        content = Path(whole.path).read_bytes()
        Path(whole.path).write_bytes(content[:kept])
        with pytest.raises(CorruptError):
            ReadFile(whole.path, ID)


def test_a_file_of_another_snapshot_is_refused() -> None:
    """A read file under the wrong name is damage, not another version's numbers."""
    with (
        built(contract_of(("integer",)), {(1,): (1.0, None)}) as file,
        pytest.raises(CorruptError),
    ):
        ReadFile(file.path, "1" * 64)


@pytest.mark.one_part
@pytest.mark.parametrize("size", [0, 10, 100, 2000])
def test_the_store_builds_a_damaged_file_again(local_store: Store, size: int) -> None:
    """A store that meets a damaged read file answers from the verified snapshot and leaves a whole
    file behind.
    """
    define(local_store)
    version = publish(local_store, "run")
    good = local_store[SET].get(TICKERS[1], TARGETS[0], ref=1).json
    (path,) = local_store.lookups.paths(version)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(bytes(size) if size < 2000 else content[:1100] + bytes(100) + content[1200:])
    again = Store(local_store.root)
    assert again[SET].get(TICKERS[1], TARGETS[0], ref=1).json == good
    assert [len(again[SET].scan(ticker, ref=1).body["estimates"]) for ticker in TICKERS] == [
        2,
        2,
        2,
    ]
    assert path.read_bytes() == content


@pytest.mark.one_part
def test_damage_under_an_open_store_is_noticed(local_store: Store) -> None:
    """A read file that is altered while it is mapped is noticed by the next read, and rebuilt."""
    define(local_store)
    version = publish(local_store, "run")
    good = [local_store[SET].scan(ticker, ref=1).json for ticker in TICKERS]
    (path,) = local_store.lookups.paths(version)
    content = path.read_bytes()
    at = content.index(b'"value":')
    with path.open("r+b") as file:
        file.seek(at + 8)
        file.write(b"9")
    assert [local_store[SET].scan(ticker, ref=1).json for ticker in TICKERS] == good
    assert path.read_bytes() == content


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**63 - 1))
@example(1e22, 2**53 + 1)
@example(5e-324, -(2**63))
def test_numbers_are_exact(number: float, key: int) -> None:
    """JSON gives back every float and every integer to the last bit."""
    with built(contract_of(("integer",)), {(key,): (number, None)}) as file:
        content = file.get(search(contract_of(("integer",)), key))
        assert content is not None
        decoded = msgspec.json.decode(content)
        assert decoded["k0"] == key
        assert decoded["value"] == number


cells: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "float": (pl.Float64(), values),
    "integer": (pl.Int64(), st.none() | st.integers(-(2**63), 2**63 - 1)),
    "text": (pl.String(), notes | awkward),
    "truth": (pl.Boolean(), st.none() | st.booleans()),
    'na"me': (pl.Float64(), values),
}


@given(st.lists(st.tuples(*(strategy for _, strategy in cells.values())), min_size=1))
@example(
    [
        (1e16, 0, "a", True, 1e-7),
        (123456789012345680.0, 1, "b", False, 5e-324),
        (-0.0, -1, "c", True, 1e300),
    ]
)
def test_rows_are_the_json_that_polars_encodes(rows: list[tuple[Any, ...]]) -> None:
    """JSON put together from the texts of columns is, byte by byte, that of polars' encoder."""
    frame = pl.DataFrame(rows, {name: dtype for name, (dtype, _) in cells.items()}, orient="row")
    encoded = frame.select(pl.struct(frame.columns).struct.json_encode()).to_series()
    texts = frame.select(joined(json_pieces(frame, frame.columns))).to_series()
    assert texts.to_list() == encoded.to_list()


def test_many_who_open_a_file_build_it_once(tmp_path: Path) -> None:
    """Several workers of one machine, here threads with read files of their own, wait for the first
    one's file.
    """
    contract = contract_of(("string",))
    rows = conform(
        pl.DataFrame({"k0": ["a"], "value": [1.0], "note": [None]}, schema=schema(contract)),
        contract,
    )
    together, made = Barrier(4), list[int]()

    def make(path: Path) -> None:
        made.append(get_ident())
        sleep(0.1)  # until the others wait for the lock, of which nothing tells
        build(rows, contract.shape(), ID, path)

    def opened() -> bytes | None:
        files = ReadFileCache(tmp_path)
        together.wait()
        return files.get(ID, make).get(KeyForm(contract).search(["a"]))

    with ThreadPoolExecutor(4) as pool:
        opened_files = [future.result() for future in [pool.submit(opened) for _ in range(4)]]
    assert opened_files == [b'{"k0":"a","value":1.0,"note":null}'] * 4
    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == [f"{ID}.lookup"]


def test_a_file_that_is_trimmed_at_once_is_made_again(tmp_path: Path) -> None:
    """By another process that shares the cache, before this one opened it."""
    contract, table = contract_of(("string",)), {("a",): (1.0, None)}
    made: list[Path] = []

    def make(path: Path) -> None:
        with built(contract, table) as file:
            path.write_bytes(file.content())
        made.append(path)
        if len(made) == 1:
            path.unlink()

    opened = ReadFileCache(tmp_path).get(ID, make)
    assert (opened.rows, len(made)) == (1, 2)


def test_closed_files_open_again(tmp_path: Path) -> None:
    """Who still reads one goes on; the next use finds the file and does not make it."""
    contract, table = contract_of(("string",)), {("a",): (1.0, None)}
    with built(contract, table) as file:
        (tmp_path / f"{ID}.lookup").write_bytes(Path(file.path).read_bytes())
    files = ReadFileCache(tmp_path)
    opened = files.get(ID, lambda path: pytest.fail("made again"))
    files.close()
    assert (files.count, opened.rows) == (0, 1)
    assert files.get(ID, lambda path: pytest.fail("made again")).rows == 1


@pytest.mark.slow
def test_open_files_hold_no_descriptor() -> None:
    """Many read files are open at once without a descriptor each, and answer when their file is
    gone.
    """
    contract, table = contract_of(("integer",)), {(i,): (float(i), None) for i in range(9)}
    with built(contract, table) as file:
        before = len(list(Path("/proc/self/fd").iterdir()))
        opened = [ReadFile(file.path, ID) for _ in range(100)]
        assert len(list(Path("/proc/self/fd").iterdir())) <= before
        Path(file.path).unlink()
        for each in opened:
            assert_equals(each, contract, table)


@pytest.mark.slow
def test_a_file_is_unmapped_with_its_last_view() -> None:
    """A mapping lasts as long as a view of it, and no longer."""

    def mapped(path: Path) -> bool:
        return str(path) in Path("/proc/self/maps").read_text()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(b"content")
        content, size = map_file(path)
        view = memoryview(content)
        del content
        gc.collect()
        assert mapped(path)
        assert view.tobytes() == b"content" + bytes(len(view) - size)
        del view
        gc.collect()
        assert not mapped(path)


@pytest.mark.parametrize("rows", [1, 8, 40])
@pytest.mark.parametrize("in_memory", [False, True])
def test_all_rows_of_keys_of_one_part(
    rows: int, in_memory: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No leading part is what all rows are under: they are there, or may be in several groups."""
    monkeypatch.setattr(group_search, "KEYS_WORTH_A_SEARCH", 1_000_000 if in_memory else 0)
    contract = contract_of(("integer",))
    with built(contract, {(i,): (float(i), None) for i in range(rows)}) as file:
        few = file.read_few(search(contract))
        assert file.find(search(contract)) == range(rows)
        assert few == (None if rows > 8 else (rows, file.read(range(rows))))
