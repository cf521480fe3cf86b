"""A version as the service answers it, for tests of what is drawn of one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from estimates_api.http.bodies import ProvenanceBody, VersionDetail

AT = datetime(2024, 6, 3, 16, 0, 5, tzinfo=UTC)


def version(**changed: Any) -> VersionDetail:
    """A version without anything that may be missing, but for what is changed."""
    origin = {"run_id": "r", "inputs": [], "targets": [], "parameters": {}, "warnings": []}
    origin |= dict.fromkeys(("job", "code", "seed")) | {"data_through": AT}
    inside = {name: changed.pop(name) for name in list(changed) if name in ("seed", "inputs")}
    provenance = ProvenanceBody(**(origin | inside))
    fields: dict[str, Any] = dict.fromkeys(VersionDetail.__struct_fields__) | {
        "set": "s",
        "version": 1,
        "state": "superseded",
        "rows": 10,
        "contract_revision": 1,
        "published_at": AT,
        "data_through": AT,
        "production": [],
        "provenance": provenance,
    }
    return VersionDetail(**(fields | changed))
