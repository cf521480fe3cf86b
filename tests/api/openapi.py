"""The checked-in OpenAPI document; `python -m tests.api.openapi` writes it after a change."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec

from estimates_api.app import create_app
from tests.builders import make_store

FILE = Path(__file__).with_name("openapi.json")


def current() -> dict[str, Any]:
    """The document of the program as it is."""
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder) / "store")
        document = create_app(store).openapi_schema.to_schema()
        store.catalog.engine.dispose()
    return msgspec.json.decode(msgspec.json.encode(document))


def checked_in() -> dict[str, Any]:
    """The document that clients may have been written against."""
    return msgspec.json.decode(FILE.read_bytes())


if __name__ == "__main__":
    content = msgspec.json.encode(current(), order="deterministic")
    FILE.write_bytes(msgspec.json.format(content, indent=1) + b"\n")
