"""`estimates gate suggest`: limits from the history of a set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from estimates.gate.pages.verdict_text import symmetric_legends, value_text
from estimates_jobs.cli.interface.command import Options, command, set_argument
from estimates_jobs.cli.output import cells, progress, terminal

if TYPE_CHECKING:
    from estimates.calibration.proposal import Proposal, Suggestion
    from estimates.calibration.suggestion import Noise
    from estimates.store.store import Store


@command(
    "estimates gate suggest sp500-close",
    "estimates gate suggest sp500-close | patch sp500-close.toml && estimates define "
    "sp500-close.toml",
    "estimates gate suggest sp500-close --bands               # also what is usual, on both sides",
    "estimates gate suggest sp500-close --noise --format json | jq -r .diff",
)
@set_argument
@click.option(
    "--last",
    type=click.IntRange(min=1),
    metavar="N",
    help="From the newest N versions. Default: all.",
)
@click.option(
    "--noise",
    is_flag=True,
    help="Run the newest version's job again, to see how much a rerun differs.",
)
@click.option(
    "--bands",
    is_flag=True,
    help="Also the band of values that is usual for each metric, on both sides.",
)
def suggest(options: Options, set_name: str, last: int | None, noise: bool, bands: bool) -> None:
    """Propose limits from what the set's promoted versions did, as a diff of its contract; changes
    nothing.

    A warning limit is the largest of: a tenth of the default, the 99 % quantile of the moves from
    one promoted version to the next, three times the noise of a rerun. A blocking limit keeps its
    proportion to it. Of fewer than 20 moves twice the largest counts; four are needed. A profile is
    proposed where the one in force would block more than one in twenty of them.
    """
    from estimates.calibration.suggestion import suggest as propose

    store = options.open()
    measured = _noise(store, set_name) if noise else None
    with progress.version_bar(quiet=options.json) as advance:
        suggestion = propose(
            store, set_name, last=last, noise=measured, bands=bands, progress=advance
        )
    if options.json:
        terminal.json(suggestion)
    else:
        member = store.contract(set_name).member
        _show(suggestion, None if member is None else member.of)


def _noise(store: Store, set_name: str) -> Noise:
    from estimates.calibration.suggestion import Noise, noise_of
    from estimates_jobs.attribution.why import rerun

    estimate_set = store.view().set(set_name)
    version = estimate_set.versions[-1] if estimate_set.versions else None
    if version is None or version.shape != estimate_set.contracts[-1].shape:
        return Noise({}, "there is no version of the contract's shape to run again")
    frame = rerun(store, version)
    if isinstance(frame, str):
        return Noise({}, frame)
    return noise_of(store, set_name, version.version, frame)


def _show(suggestion: Suggestion, family: str | None) -> None:
    """A row a check, what is left as it is, and the diff, last: `patch` reads all of it.

    family  whose member the set is
    """
    name = suggestion.set
    terminal.line(
        f"{name}: limits from {suggestion.versions} moves between promoted versions", "bold"
    )
    if suggestion.profile is not None:
        terminal.line(
            f"the profile in force would block {suggestion.blocked} of these moves, "
            f"{suggestion.profile} {suggestion.blocked_then}: write profile = "
            f'"{suggestion.profile}" under [gate]'
        )
    titles = "no.|check|n|median|99 %|noise|warns now|new|blocks now|new"
    proposals = [proposal for proposal in suggestion.checks if proposal.reason is None]
    bands = [_band(proposal) for proposal in proposals]
    titles += "|usual" if any(bands) else ""
    rows = [
        [*_row(proposal), *([band] if any(bands) else [])]
        for proposal, band in zip(proposals, bands, strict=True)
    ]
    terminal.table(titles.split("|"), rows)
    for legend in symmetric_legends(proposal.name for proposal in proposals):
        terminal.line(legend)
    for reason in dict.fromkeys(p.reason for p in suggestion.checks if p.reason is not None):
        names = [proposal.name for proposal in suggestion.checks if proposal.reason == reason]
        terminal.line(f"left as they are, {reason}: {', '.join(names)}")
    if suggestion.noise is not None:
        terminal.line(f"the noise is not known: {suggestion.noise}")
    terminal.line()
    if not suggestion.diff:
        terminal.line("nothing to change: the contract has these limits already")
        return
    file = "CONTRACT.toml" if family is None else f"{family}.toml"
    terminal.line(
        f"next: estimates gate suggest {name} | patch {file} && estimates define {file}"
        + ("" if family is None else f"   # the contract of all members of {family}")
    )
    terminal.line()
    terminal.page(suggestion.diff)


def _band(proposal: Proposal) -> str:
    if proposal.new_usual is None:
        return ""
    return " to ".join(value_text(end, proposal.unit, proposal.name) for end in proposal.new_usual)


def _row(proposal: Proposal) -> list[cells.Cell]:
    limits = (proposal.warn, proposal.new_warn, proposal.block, proposal.new_block)
    values = (proposal.median, proposal.q99, proposal.noise, *limits)
    texts = (
        "" if value is None else value_text(value, proposal.unit, proposal.name) for value in values
    )
    return [str(proposal.number), proposal.name, proposal.n, *texts]
