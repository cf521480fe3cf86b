"""Where tools look for the OpenAPI document."""

from __future__ import annotations

from litestar import get
from litestar.types import ASGIApp

from estimates_api.access.route_access import OPT
from estimates_api.http.representation import Representation


@get("/openapi.json", opt={OPT: "anybody"}, include_in_schema=False)
async def openapi_json() -> ASGIApp:
    """Leads to the document."""
    return Representation(b"", status=308, headers={"location": "schema/openapi.json"})


ROUTES = [openapi_json]
