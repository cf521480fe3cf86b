"""The listed keys of `file` domains: copied into the store when the contract is defined, named by
their digest.
"""

import hashlib
import io
from functools import lru_cache
from typing import Any

import msgspec
import polars as pl

from estimates.contract.conform import conform_keys
from estimates.contract.contract import Contract
from estimates.contract.domain import FileDomain
from estimates.errors import CorruptError, InvalidError
from estimates.render.row_text import text_of
from estimates.storage.objects import Objects
from estimates.storage.storage_errors import MEND


class ListedKeys:
    """The domain files of a store: `sets/{set}/domains/{digest}.parquet`."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._texts = lru_cache(maxsize=8)(self._read_texts)

    def write(self, contract: Contract, keys: pl.DataFrame | None) -> Contract:
        """Store the keys of a contract with a `file` domain; the contract with their digest in it.

        Raises InvalidError (`domain_keys_needed`, and those of `conform_keys`).
        """
        domain = contract.domain
        assert isinstance(domain, FileDomain)
        if keys is None:
            raise InvalidError(
                "domain_keys_needed",
                f"{contract.name}: the keys of {domain.file} must be given",
                remedy="define the contract with its file: `estimates define CONTRACT.toml`",
            )
        buffer = io.BytesIO()
        conform_keys(keys, contract).write_parquet(buffer)
        digest = hashlib.sha256(buffer.getvalue()).hexdigest()
        self._objects.put(name_of(contract.name, digest), buffer.getvalue())
        return msgspec.structs.replace(
            contract, domain=msgspec.structs.replace(domain, digest=digest)
        )

    def read(self, contract: Contract) -> pl.DataFrame | None:
        """The keys of a contract's domain, one column a key column; None for other domains.

        Raises CorruptError (`file_damaged`), NotFoundError (`no_object`).
        """
        domain = contract.domain
        if not isinstance(domain, FileDomain) or domain.digest is None:
            return None
        return self._read(contract.name, domain.digest)

    def contains(self, set_name: str, digest: str, key: tuple[str, ...]) -> bool:
        """Whether a key, its parts as text, is listed."""
        return key in self._texts(set_name, digest)

    def content(self, set_name: str, digest: str) -> bytes:
        """The stored Parquet file, verified; raises CorruptError (`file_damaged`), NotFoundError
        (`no_object`).
        """
        content = self._objects.get(name_of(set_name, digest))
        if hashlib.sha256(content).hexdigest() != digest:
            raise CorruptError(
                "file_damaged",
                f"{self._objects.root}/{name_of(set_name, digest)} does not match its digest",
                remedy=MEND,
            )
        return content

    def _read(self, set_name: str, digest: str) -> pl.DataFrame:
        return pl.read_parquet(self.content(set_name, digest))

    def _read_texts(self, set_name: str, digest: str) -> frozenset[tuple[Any, ...]]:
        keys = self._read(set_name, digest)
        return frozenset(
            keys.select(text_of(keys, column).alias(column) for column in keys.columns).rows()
        )


def name_of(set_name: str, digest: str) -> str:
    """Where listed keys are, below the store's root."""
    return f"sets/{set_name}/domains/{digest}.parquet"
