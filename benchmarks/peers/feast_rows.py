"""Feast: a feature view over the Parquet file, materialized into its SQLite online store; it brings
its own server.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64

from benchmarks.peers.holding import Held

_CONFIG = """\
project: bench
provider: local
registry: registry.db
online_store:
  type: sqlite
  path: online.db
entity_key_serialization_version: 3
"""


@contextmanager
def hold(folder: Path, parquet: Path) -> Iterator[Held]:
    """A Feast repository in `folder` whose online store has the rows; `feast serve` is run
    there.
    """
    (folder / "feature_store.yaml").write_text(_CONFIG)
    keys = [
        Entity(name="name", value_type=ValueType.STRING),
        Entity(name="step", value_type=ValueType.INT64),
    ]
    view = FeatureView(
        name="estimates",
        entities=keys,
        schema=[Field(name=column, dtype=Float64) for column in ("value", "lower_80", "upper_80")],
        source=FileSource(path=str(parquet), timestamp_field="event_timestamp"),
    )
    store = FeatureStore(repo_path=str(folder))
    store.apply([*keys, view])
    store.materialize(datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
    yield Held(str(folder), [], f"Feast {version('feast')}")
