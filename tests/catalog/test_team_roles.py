"""docs/roles.sql on a real PostgreSQL: what the database itself refuses to a team."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.conftest import PostgreSQL
from tests.teams import Teams, made

pytestmark = pytest.mark.slow

# What somebody would try who knows SQL; some of it is refused when the transaction ends.
BY_HAND = [
    "UPDATE versions SET mlflow_run = 'x' WHERE set = 'b-closes'",
    "UPDATE aliases SET version = 1 WHERE set = 'b-closes'",
    "UPDATE verdicts SET body = '{}' WHERE set = 'b-closes'",
    "UPDATE runs SET message = 'x' WHERE set = 'b-closes'; DELETE FROM runs",
    "DELETE FROM events",
    "UPDATE events SET actor = 'x'",
    "UPDATE contracts SET body = '{}'",
    "UPDATE versions SET snapshot_id = 'x' WHERE set = 'a-closes'",
    "UPDATE log SET store_id = 'x'",
    "UPDATE log SET last_event = 0",
    "UPDATE log SET last_event = last_event + 1, last_at = last_at + 1, head = 'x'",
    "INSERT INTO events (id, at, set, kind, actor, digest) SELECT last_event + 1, last_at, "
    "'a-closes', 'retired', 'x', head FROM log",
    "UPDATE log SET last_event = last_event + 1, last_at = last_at + 1, head = 'x'; INSERT INTO "
    "events (id, at, set, kind, actor, digest) SELECT last_event, last_at, 'b-closes', 'retired', "
    "'x', head FROM log",
    "CREATE TEMP TABLE set_writers AS SELECT 'team_a'::regrole AS role, '*' AS sets; INSERT INTO "
    "claims (set, digest, generation, done) VALUES ('b-closes', 'x', 1, true)",
    "INSERT INTO set_writers VALUES ('team_a', '*')",
    "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
    "SET row_security = off; INSERT INTO claims (set, digest, generation, done) VALUES "
    "('b-closes', 'x', 1, true)",
    "CREATE TABLE mine (x int)",
    "TRUNCATE log",
]


def test_sql_in_place_of_the_program(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """The database itself refuses to write other teams' rows, and to write the log anew."""
    with (
        postgresql.database("template0") as url,
        made(str(tmp_path / "store"), url, tmp_path) as teams,
    ):
        before = teams.state()
        for statements in BY_HAND:
            assert _by_hand(teams, statements) == "42501", statements
        # what would delete another team's rows deletes none
        assert _by_hand(teams, "DELETE FROM aliases WHERE set = 'b-closes'") is None
        assert teams.state() == before


def _by_hand(teams: Teams, statements: str) -> str | None:
    """The state that PostgreSQL answers team A with; None where it does as it is bid."""
    try:
        with psycopg.connect(teams.role("team_a")) as connection:
            connection.execute(statements.encode())
    except psycopg.Error as error:
        return error.sqlstate
    return None
