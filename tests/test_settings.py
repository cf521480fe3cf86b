"""Settings of the environment."""

from __future__ import annotations

from pathlib import Path

from estimates.settings import Settings


def test_the_home_stands_for_itself_in_paths() -> None:
    """Where no shell expands `~`, such as in a systemd unit, the program does; in paths alone."""
    named = {f"ESTIMATES_{name}": f"~/{name}" for name in ("KEY", "STORE", "CACHE", "ACCESS")}
    settings = Settings.from_environment(named | {"ESTIMATES_KEY_PASSWORD": "~/x"})
    paths = (settings.key, settings.store, settings.cache, settings.access)
    assert paths == tuple(str(Path.home() / n) for n in ("KEY", "STORE", "CACHE", "ACCESS"))
    assert settings.key_password == "~/x"
    assert Settings.from_environment({"ESTIMATES_ACCESS": "tokens"}).access == "tokens"
