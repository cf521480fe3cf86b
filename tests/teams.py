"""A store of two teams in PostgreSQL, with the roles of docs/roles.sql."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import sqlalchemy as sa

from estimates.catalog import schema
from estimates.contract.contract_file import parse_contract
from estimates.store.issued_tokens import create_token
from estimates.store.store import Store
from tests.builders import START, frame, make_store, promoted, publish, source

DOCS = Path(__file__).parents[1] / "docs"
OURS, THEIRS = "a-closes", "b-closes"
Command = list[object]
KEY = ("AAPL", "2024-06-03")
WHY = ("--reason", "test")
# What is about one set and writes; words in capitals stand for what a set has.
WRITES: dict[str, list[Command]] = {
    "define": [["define", "SET.toml"]],
    "run": [["run", "SET", "--run-id", "tried"]],
    "publish": [["publish", "SET", "table.parquet", "--through", "2024-01-09"]],
    "gate": [["gate", "SET", "V"]],
    "promote": [["promote", "SET", "V", *WHY]],
    "carry-over": [["carry-over", "SET", "V", "--by", "ticker", "--group", "AAPL", *WHY]],
    "waive": [["waive", "SET", "jumps", "--version", "V", *WHY, "--until", "2100-01-01"]],
    "unwaive": [["unwaive", "SET", "WAIVER", *WHY]],
    "rollback": [["rollback", "SET", *WHY]],
    "remove-alias": [["remove-alias", "SET", "production", *WHY]],
    "score": [["score", "SET", "--actuals", "actuals.parquet"]],
    "hold": [["hold", "SET", "V", *WHY], ["hold", "SET", "all", *WHY]],
    "retire": [["retire", "SET", *WHY]],
    "unretire": [["unretire", "OLD", *WHY]],
    "erase": [["erase", "SET", *KEY, *WHY]],
    "track": [["track", "SET"]],
}
# What is about the store, and needs more than the role of a team.
OF_THE_STORE: dict[str, list[Command]] = {
    "token": [["token", "create", "mine"], ["token", "revoke", "TOKEN", *WHY]],
}
READS: dict[str, list[Command]] = {
    "get": [["get", "SET", *KEY]],
    "explain": [["explain", "SET", *KEY]],
    "history": [["history", "SET", *KEY]],
    "triangle": [["triangle", "SET", *KEY]],
    "diff": [["diff", "SET", 1, 2]],
    "stability": [["stability", "SET"]],
    "export": [["export", "SET", "--output", "exported.parquet"]],
    "sql": [["sql", 'SELECT count(*) FROM "SET"']],
    "status": [["status"], ["status", "SET"]],
    "versions": [["versions", "SET"]],
    "runs": [["runs", "SET"]],
    "log": [["log", "SET"]],
    "verify": [["verify"]],
    "audit": [["audit"]],
    "usage": [["usage"]],
    "init": [["init"]],
}
# What reads, and writes the file that tells a bucket's time.
READS_THE_CLOCK: dict[str, list[Command]] = {
    "backup": [["backup", "backup"]],
    "migrate": [["migrate"]],  # where there is nothing to migrate
    "sweep": [["sweep", "--dry-run"]],
}
FAR = datetime(2100, 1, 1, tzinfo=UTC)
JOB = """
[gate]
promote = "manual"
[job]
function = "load"
[job.inputs.table]
source = "table.parquet"
static = true
"""


class Teams(NamedTuple):
    """A store of two teams: what its owner sees, and the catalog's URL of each role."""

    store: Store
    folder: Path
    url: sa.URL
    words: dict[str, dict[object, object]]

    def command(self, command: Command, name: str) -> Command:
        """A command about a set."""
        words = self.words[name]
        return [
            words.get(part, part.replace("SET", name) if isinstance(part, str) else part)
            for part in command
        ]

    def state(self) -> dict[str, Any]:
        """All rows of the catalog, and the names of all files."""
        with self.store.catalog.engine.connect() as tx:
            rows = {
                table.name: sorted(map(str, tx.execute(sa.select(table)).all()))
                for table in schema.METADATA.sorted_tables
            }
        sizes = self.store.objects.sizes("")
        sizes.pop("clock.json", None)
        return rows | {"files": sizes}

    def role(self, name: str) -> str:
        """The catalog's URL of a role."""
        return self.url.set(username=name).render_as_string(hide_password=False)


@contextmanager
def made(root: str, url: str, folder: Path) -> Iterator[Teams]:
    """A store with sets of two teams, made by its owner, and roles as the page makes them."""
    frame(100.2).write_parquet(folder / "table.parquet")
    frame(100.1).drop("note").write_parquet(folder / "actuals.parquet")
    store = make_store(root, url, "owner", folder / "owner")
    words = {name: make_set(store, folder, name) for name in (OURS, THEIRS)}
    admin = sa.make_url(url).set(drivername="postgresql")
    uri = admin.render_as_string(hide_password=False)
    with psycopg.connect(uri, autocommit=True) as connection:
        try:
            for _ in range(2):  # as after a migration
                connection.execute((DOCS / "roles.sql").read_bytes())
            [block] = re.findall(r"^```sql\n(.*?)^```", _page(), re.MULTILINE | re.DOTALL)
            connection.execute(block.encode())
            yield Teams(store, folder, admin, words)
        finally:
            roles = "team_a, dashboards, estimates_writer, estimates_reader"
            connection.execute(f"DROP OWNED BY {roles}".encode())
            connection.execute(f"DROP ROLE {roles}".encode())
            store.catalog.engine.dispose()


def _page() -> str:
    return (DOCS / "security.md").read_text()


def make_set(store: Store, folder: Path, name: str) -> dict[object, object]:
    """A set with a version in production and two candidates, and one that is retired; what words
    stand for.
    """
    old = f"{name[0]}-old"
    for made, more in ((name, JOB), (old, "")):
        text = source(made, more=more)
        (folder / f"{made}.toml").write_text(text.replace("closing", "daily closing"))
        store.define(parse_contract(text), text)
        for run, level in enumerate((100.0, 100.1)):
            promoted(store, f"{made}-{run}", level, name=made, day=run)
    store.retire(old, reason="test")
    publish(store, f"{name}-candidate", 100.3, name=name, day=3)
    run = store.catalog.begin_run(f"{name}-candidate", name, START)
    store.catalog.update_run(run.run_id, step="track", status="published", version=3, finished=True)
    waived = store.waive(name, "jumps", 2, reason="test", until=FAR)
    token = create_token(store, name)
    return {"V": 3, "OLD": old, "WAIVER": waived.id, "TOKEN": token.token.id}
