"""Settings of the environment."""

from __future__ import annotations

from pathlib import Path

from estimates.settings import Settings, secret_values


def test_the_home_stands_for_itself_in_paths() -> None:
    """Where no shell expands `~`, such as in a systemd unit, the program does; in paths alone."""
    named = {f"ESTIMATES_{name}": f"~/{name}" for name in ("KEY", "STORE", "CACHE", "ACCESS")}
    settings = Settings.from_environment(named | {"ESTIMATES_KEY_PASSWORD": "~/x"})
    paths = (settings.key, settings.store, settings.cache, settings.access)
    assert paths == tuple(str(Path.home() / n) for n in ("KEY", "STORE", "CACHE", "ACCESS"))
    assert settings.key_password == "~/x"
    assert Settings.from_environment({"ESTIMATES_ACCESS": "tokens"}).access == "tokens"


def test_secrets_by_name() -> None:
    """What a variable's name says to be a secret is one; files of secrets, and names, are not."""
    names = (
        "PGPASSWORD",
        "aws_secret_access_key",
        "GITHUB_TOKEN",
        "WEATHER_API_KEY",
        "SLACK_WEBHOOK",
    )
    others = ("AWS_ACCESS_KEY_ID", "TOKEN_FILE", "ESTIMATES_KEY", "SECRET_NAME", "PATH", "MONKEY")
    environment = {name: f"of {name}" for name in (*names, *others)}
    assert secret_values(environment) == [f"of {name}" for name in names]
