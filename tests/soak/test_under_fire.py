"""A service under load survives each fault once; `just soak` goes on for hours."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from estimates.store.store import Store
from tests.conftest import PostgreSQL
from tests.s3_server import S3Server
from tests.soak.under_fire import (
    UNHARMED,
    bucket_faults,
    bucket_service,
    folder_faults,
    folder_service,
    opened_writer,
    soak,
)

pytestmark = pytest.mark.slow


def test_a_service_of_a_folder_survives_each_fault(tmp_path: Path) -> None:
    """Workers killed and frozen, the catalog locked and away, read files cut off: clients that try
    again lose nothing and read nothing wrong.
    """
    with folder_service(tmp_path) as (served, root):
        faults = folder_faults(served, root, 0.5)
        outcomes = list(soak(served, lambda: Store(root), faults, 0, random.Random(1)))
    assert {outcome.seen for outcome in outcomes} == {UNHARMED}
    assert len(outcomes) == len(faults)


@pytest.mark.stack
def test_a_service_of_a_bucket_survives_each_fault(
    tmp_path: Path, postgresql: PostgreSQL, s3: S3Server
) -> None:
    """The same with S3 and PostgreSQL: each hangs, both hang, all connections are ended."""
    with postgresql.database() as url, bucket_service(tmp_path, url, s3) as (served, bucket):
        faults = bucket_faults(served, postgresql, s3, url, 2.0)
        outcomes = list(soak(served, lambda: opened_writer(bucket), faults, 0, random.Random(1)))
    assert len(outcomes) == len(faults)
