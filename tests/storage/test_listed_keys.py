"""Listed keys: stored under the digest of their bytes, found as text."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates.contract.contract import Contract
from estimates.contract.contract_file import parse_contract
from estimates.contract.domain import FileDomain
from estimates.errors import CorruptError, InvalidError, NotFoundError
from estimates.storage.listed_keys import ListedKeys
from estimates.storage.objects import Objects

SOURCE = """
name = "shops"
[key.shop]
type = "integer"
[columns.sold]
[domain]
kind = "file"
file = "shops.csv"
"""
KEYS = pl.DataFrame({"shop": [12, 7]})


@pytest.fixture
def listed(tmp_path: Path) -> ListedKeys:
    """The listed keys of an empty store."""
    return ListedKeys(Objects(str(tmp_path)))


def digest_of(contract: Contract) -> str:
    """The digest of the keys that were written for a contract."""
    assert isinstance(contract.domain, FileDomain)
    assert contract.domain.digest is not None
    return contract.domain.digest


def test_what_is_written_is_read(listed: ListedKeys) -> None:
    """The contract names the digest, and the keys come back sorted."""
    contract = listed.write(parse_contract(SOURCE), KEYS)
    keys = listed.read(contract)
    assert keys is not None
    assert keys["shop"].to_list() == [7, 12]


def test_the_same_keys_have_one_digest(listed: ListedKeys) -> None:
    """Their order is nothing to it; another key is."""
    contract = parse_contract(SOURCE)
    first, again, other = (
        digest_of(listed.write(contract, keys)) for keys in (KEYS, KEYS.reverse(), KEYS.head(1))
    )
    assert first == again != other


def test_a_key_is_looked_up_as_text(listed: ListedKeys) -> None:
    """A key is listed as its one text form, part by part."""
    digest = digest_of(listed.write(parse_contract(SOURCE), KEYS))
    assert listed.contains("shops", digest, ("7",))
    assert not listed.contains("shops", digest, ("8",))
    assert not listed.contains("shops", digest, ("07",))


def test_other_domains_list_nothing(listed: ListedKeys) -> None:
    """A contract whose domain is open, or whose keys were never stored, has no listed keys."""
    assert listed.read(parse_contract(SOURCE[: SOURCE.index("[domain]")])) is None
    assert listed.read(parse_contract(SOURCE)) is None


def test_keys_have_to_be_given(listed: ListedKeys) -> None:
    """A `file` domain without its keys cannot be stored."""
    with pytest.raises(InvalidError) as caught:
        listed.write(parse_contract(SOURCE), None)
    assert caught.value.code == "domain_keys_needed"


def test_damage_is_noticed(listed: ListedKeys, tmp_path: Path) -> None:
    """Other bytes under a digest are `file_damaged`, none are `no_object`."""
    digest = digest_of(listed.write(parse_contract(SOURCE), KEYS))
    (tmp_path / "sets" / "shops" / "domains" / f"{digest}.parquet").write_bytes(b"other")
    with pytest.raises(CorruptError) as caught:
        listed.content("shops", digest)
    assert caught.value.code == "file_damaged"
    with pytest.raises(NotFoundError):
        listed.content("shops", "0" * 64)
