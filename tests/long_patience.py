"""An app in the process of a test waits for what it computes as long as that takes: on a busy
machine it would answer as a service does that must not keep anybody waiting, with 202 or 503.
"""

from __future__ import annotations

import inspect
import sys

from tests.waiting import LONGEST_S

SERVICE_S: dict[str, float] = {}  # what a service has, by module and constant
# Seconds that requests wait for reports, for a look at the catalog, for a version to be opened;
# that a connection to PostgreSQL may take.
_CONSTANTS = (
    ("estimates.catalog.postgresql", "CONNECT_S"),
    ("estimates_api.serving.reports", "PATIENCE_S"),
    ("estimates_api.serving.catalog_reads", "PATIENCE_S"),
    ("estimates_api.serving.targets", "OPENING_S"),
)


def wait_for_answers() -> None:
    """From now on; what is about a service that does not wait sets its own time."""
    for name, constant in _CONSTANTS:
        if name in sys.modules:  # of these tests; nothing is imported for others
            SERVICE_S.setdefault(f"{name}.{constant}", getattr(sys.modules[name], constant))
            setattr(sys.modules[name], constant, LONGEST_S)
    if (httpx := sys.modules.get("httpx")) is not None:  # of a request that names no time
        default = inspect.signature(httpx.get).parameters["timeout"].default
        default.connect = default.read = default.write = default.pool = LONGEST_S
    if (desk := sys.modules.get("estimates_api.desk.desk_page")) is not None:
        desk.DeskPage.__init__.__kwdefaults__["patience_s"] = LONGEST_S
