"""Reading from a running service: `Client` and `AsyncClient` have the interface of a store's sets;
see docs/client.md.

sync, asynchronous  the two faces: send requests, wait, nothing else
questions           what is asked of a set, and how answers are read; knows no network
judging             a frame judged here by what a service says
addresses           URLs from names, keys and parameters
exchange            one request until it is answered: retries, the cache, errors
connection          httpx as both faces use it
problems            replies that are errors, as the exceptions that a store raises
cache               answers kept for conditional requests
messages            what passes between a plan of requests and a face that sends them
"""

from __future__ import annotations

try:
    import httpx as _httpx  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "estimates.client needs httpx: pip install 'estimates[client]'", name="httpx"
    ) from error

from estimates.client.async_client import AsyncClient, AsyncRemoteSet
from estimates.client.set_requests import VersionSummary
from estimates.client.sync_client import Client, RemoteSet

__all__ = ["AsyncClient", "AsyncRemoteSet", "Client", "RemoteSet", "VersionSummary"]
