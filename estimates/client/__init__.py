"""Reading from a running service: `Client` and `AsyncClient` have the interface of a store's sets;
see docs/client.md. It needs httpx and msgspec; methods that give frames need polars too.

sync_client, async_client  the two clients: they carry out plans, and have no methods of their own
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
connection           httpx: URL, timeouts, requests and replies
moment               all sets at one moment
urls                 URLs from names, keys and parameters
"""

from __future__ import annotations

from estimates.extras import needs

with needs("client"):
    import httpx as _httpx  # noqa: F401

from estimates.client.async_client import AsyncClient, AsyncRemoteSet
from estimates.client.reading_requests import VersionSummary
from estimates.client.sync_client import Client, RemoteSet

__all__ = ["AsyncClient", "AsyncRemoteSet", "Client", "RemoteSet", "VersionSummary"]
