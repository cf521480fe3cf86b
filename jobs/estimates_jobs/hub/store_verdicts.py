"""What the gate of a store, or of a service, says of a submission: each family of which it has
rows, as the next version of its model.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from estimates.contract.contract import Contract
from estimates.contract.family import member_set
from estimates.errors import InvalidError
from estimates.gate.pages.verdict_text import headline, notable_results
from estimates.gate.verdict import Verdict
from estimates.store.store import Store
from estimates_jobs.hub.request_report import Finding
from estimates_jobs.run.runner import file_candidate
from estimates_jobs.tables.dated_tables import filled
from estimates_jobs.tables.text_options import TextOptions

if TYPE_CHECKING:
    from estimates.client import Client

_NAMED = 5  # checks of a verdict that a finding names


class StoreVerdicts:
    """Asks for verdicts; the families are looked up once."""

    def __init__(self, store: Store | Client, through: str, now: datetime) -> None:
        """through: the last moment of a submission's data, with `{date}` for that of its round."""
        self.store = store
        self.through = through
        self.now = now
        contracts = _contracts(store)
        self.names = set(contracts)
        self.families = [name for name, contract in contracts.items() if contract.family]

    def __call__(self, file: str, model: str, of_round: str) -> Iterator[Finding]:
        """What the gate blocks or warns of; nothing of a family that the file has no rows of.

        Raises those of `judge_frame`.
        """
        if not self.families:
            yield Finding("gate", "the store has no family, by which it could judge", "warn")
        for family in self.families:
            own = member_set(family, model)
            estimates = self.store[own if own in self.names else family]
            try:
                frame, provenance = file_candidate(
                    estimates.contract,
                    file,
                    data_through=_through(self.through, of_round),
                    options=TextOptions(),
                )
            except InvalidError as error:
                if error.code != "no_rows":
                    yield Finding("gate", f"{own}: {error.message}")
                continue
            # in a checkout of a stranger's request, a module could be the stranger's
            verdict = estimates.judge_frame(frame, provenance, judged_at=self.now, functions=False)
            yield from _findings(own, verdict)


def _findings(own: str, verdict: Verdict) -> Iterator[Finding]:
    notable = notable_results(verdict)
    if not notable:
        return
    lines = tuple(f"{result.name}: {result.message or result.reason}" for result in notable)
    yield Finding(
        "gate",
        headline(verdict).replace(verdict.set, own, 1),
        "fail" if verdict.blocks else "warn",
        examples=lines[:_NAMED],
    )


def _through(text: str, of_round: str) -> str:
    try:
        return filled(text, date.fromisoformat(of_round))
    except ValueError:
        return text


def _contracts(store: Store | Client) -> dict[str, Contract]:
    if isinstance(store, Store):
        return {name: of_set.contract for name, of_set in store.view().sets.items()}
    return {name: store[name].contract for name in store.sets()}
