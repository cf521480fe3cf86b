"""What a server prints once it listens: its address, then what to look at and to ask."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from shutil import get_terminal_size
from typing import Protocol

import msgspec
from litestar import Litestar

from estimates import Store
from estimates.errors import EstimatesError
from estimates.render.terminal import folded
from estimates.render.wording import visible_lines
from estimates_api.serving.example_requests import Request, example_requests, pages


class Announcement(Protocol):
    """What a server tells its workers: where it listens, in which form to say so, and whether this
    worker is the one that does.
    """

    @property
    def url(self) -> str:
        """Where the service listens."""
        ...

    @property
    def form(self) -> str:
        """`text` or `json`."""
        ...

    def begins(self) -> bool:
        """Whether no other worker has spoken yet, or the one that began to is gone."""
        ...

    def ends(self) -> None:
        """All is said: no worker speaks any more."""
        ...


def announcing(
    announcement: Announcement,
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """What speaks as an app starts, where no other worker has; examples come when the store was
    read, while the service answers already.
    """

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None, None]:
        task = None
        if announcement.begins():
            store: Store = app.state.follower.store
            admission = app.state.admission
            tokens = admission is not None and admission.closed
            if announcement.form == "text":
                _print(f"\nListening on {announcement.url}; Ctrl-C stops it")
            task = asyncio.create_task(
                asyncio.to_thread(_print_examples, announcement, store, tokens)
            )
        yield
        if task is not None:
            task.cancel()

    return lifespan


def _print_examples(announcement: Announcement, store: Store, tokens: bool) -> None:
    shown = pages(store, announcement.url)
    requests: list[Request] = []
    fault = None
    try:
        requests = example_requests(store, announcement.url, tokens=tokens)
    except EstimatesError as error:  # what cannot be read now has no examples
        fault = error
    if announcement.form == "json":
        content = {
            "url": announcement.url,
            "store": store.root,
            "pages": [{"what": page.title, "url": page.url} for page in shown],
            "requests": [{"what": r.title, "command": r.command} for r in requests],
        }
        _print(msgspec.json.format(msgspec.json.encode(content)).decode())
        announcement.ends()
        return
    widest = max(len(page.title) for page in shown)
    _print(*(f"  {page.title:<{widest}}  {page.url}" for page in shown))
    if fault is not None:
        _print(f"no examples of requests, since the store cannot be read now: {fault}")
    elif not requests:
        _print("nothing is in production yet, so there is nothing to ask for")
    for request in requests:
        _print(f"# {request.title}", *folded(request.command, _columns()))
    announcement.ends()


def _print(*lines: str) -> None:
    print("\n".join(map(visible_lines, lines)), flush=True)


def _columns() -> int:
    return get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
