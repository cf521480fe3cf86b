"""The verdict as GitHub annotations: workflow commands that a step prints, one a line.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions, which also gives the
escapes.
"""

from typing import Literal

from estimates.gate.pages.verdict_text import details, headline, notable_results, subject
from estimates.gate.verdict import Status, Verdict
from estimates.render.wording import visible

Level = Literal["error", "warning", "notice"]
_LEVELS: dict[Status, Level] = {
    "fail": "error",
    "error": "error",
    "warn": "warning",
    "waived": "notice",
}


def render_github(verdict: Verdict) -> str:
    """The answer, then what blocks, what warns and what is waived, each with its value, its limits
    and the worst keys.

    GitHub shows the first ten of each level that a step prints: the answer and what blocks come
    first.
    """
    answer: Level = "warning" if verdict.outcome == "warn" else "notice"
    if verdict.blocks:
        answer = "error"
    lines = [_command(answer, "estimates gate", [headline(verdict)])]
    for result in notable_results(verdict):
        title = f"{subject(verdict)}: {result.number} {result.name}"
        message = [visible(result.message), *details(result, verdict)]
        lines.append(_command(_LEVELS[result.status], title, message))
    return "\n".join(lines) + "\n"


def annotate_unreadable(set_name: str, source: str, code: str, message: str) -> str:
    """An error that says why nothing was judged."""
    words = visible(f"{set_name}, {source}: not judged: {message}  [{code}]")
    return _command("error", "estimates gate", [words]) + "\n"


def _command(level: Level, title: str, message: list[str]) -> str:
    text = "\n".join(message)
    return f"::{level} title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    """A message; its lines are ours, what comes from data is on one line already."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
