"""Read commands with the URL of a service as --store print what they print with the store
itself.
"""

from __future__ import annotations

import httpx
import pytest

from estimates.store.store import Store
from tests.builders import SET
from tests.jobs.cli.calls import call

pytest_plugins = ("tests.api.fixtures",)


@pytest.mark.parametrize(
    "command",
    [
        ("get", SET, "BRK/B", "2024-06-03"),
        ("get", SET, "AAPL", "--limit", 1),
        ("get", SET, "AAPL", "2024-06-03", "--ref", 5),
        ("get", SET, "AAPL"),
        ("get", SET, "AAPL", "2024-06-03", "--ref", "latest", "--fields", "value"),
        ("history", SET, "AAPL", "2024-06-03", "--only", "promoted"),
        ("diff", SET, 1, 4),
        ("diff", SET, 1, "nothing"),
        ("log",),
        ("log", SET),
        ("log", "nobody"),
    ],
)
@pytest.mark.parametrize("style", ["text", "json"])
def test_a_service_in_place_of_the_store(
    server: httpx.Client, filled: Store, command: tuple[object, ...], style: str
) -> None:
    """Output, errors and exit code are the same, as text and as JSON."""
    assert call(*command, "--store", server.base_url, "--format", style) == call(
        *command, "--store", filled.root, "--format", style
    )


def test_a_command_that_needs_the_store_says_so() -> None:
    """What cannot be done over HTTP is refused before anything is asked."""
    called = call(
        "promote", SET, 1, "--reason", "x", "--store", "http://127.0.0.1:1", "--format", "json"
    )
    assert (called.code, called.error["code"]) == (2, "service_url")
    url = "http://127.0.0.1:1"
    for command, route in (("status", f"{url}/v1/sets,"), (f"versions {SET}", f"{SET}/versions,")):
        assert route in call(*command.split(), "--store", url).err


def test_a_service_that_is_not_there() -> None:
    """Nobody listening is exit code 3, as for everything that cannot be reached."""
    called = call("log", "--store", "https://127.0.0.1:1", "--format", "json")
    assert (called.code, called.error["code"]) == (3, "service")
