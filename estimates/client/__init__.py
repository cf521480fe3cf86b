"""Reading from a running service: `Client` and `AsyncClient` have the interface of a store's sets;
see docs/client.md. It needs httpx and msgspec; methods that give frames need polars too.

clients              the two clients over httpx: they carry out plans
plans                the steps of a plan: requests, pauses, work
reading_requests     plans: contract, versions, estimates by key
comparison_requests  plans: diffs, changes, triangle, stability, accuracy
remote_join          plan: an as-of join
remote_gate          plan: a frame judged here by what a service says
set_requests         routes of one set: paths, parameters, the version that answered
service_requests     requests of one client: the cache, errors; sets and events
retries              the retry rule
problems             replies that are errors, as the exceptions that a store raises
response_cache       answers kept for conditional requests
urls                 URLs from names, keys and parameters
"""

from __future__ import annotations

from estimates.extras import needs

with needs("client"):
    import httpx as _httpx  # noqa: F401

from estimates.catalog.records import VersionSummary
from estimates.client.clients import AsyncClient, AsyncRemoteSet, Client, RemoteSet

__all__ = ["AsyncClient", "AsyncRemoteSet", "Client", "RemoteSet", "VersionSummary"]
