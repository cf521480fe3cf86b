"""What differs from one run to the next, and what is written in its place."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_CADENCES = {"1d": timedelta(days=1), "1w": timedelta(weeks=1)}  # of the contracts in inputs/
_TIME = re.compile(r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{6})?Z")
_SPAN = r"[0-9]+[wdhms](?: [0-9]+[dhms])?"  # as people read it: 3s, 1m 5s
_RELEASE = r'(estimates,? (?:version )?|"(?:code|version)": ?"|name="code" value=")[0-9]+\.[0-9.]+'
_RULES = {
    r"\b[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\b": "<run id>",  # of a run that got none by --run-id
    r"\b[0-9]+y(?: [0-9]+d)?\b *": "<years> ",
    rf"\b(took|usually|value) {_SPAN}(?= apart|; warns|$)": r"\1 <span>",
    rf"(?<=<now>) +{_SPAN} +": " <span> ",  # `estimates runs`, behind the time it began
    r"\btook +data through": "took data through",  # the column becomes wider with it
    r'("id":"[0-9]+)-[0-9]{16}"': r'\1-<microseconds>"',  # of a notification
    r'("(?:age_s|published_every_s)": ?)[0-9.]+': r"\1<seconds>",
    _RELEASE: r"\1<release>",
    r'^( *store +)[0-9a-f]{32}|("store": ?)"[0-9a-f]{32}"': r"\1\2<store id>",
    r'\b([0-9]+:)[0-9a-f]{64}\b|("event": ?[0-9]+,\s*"digest": ?)"[0-9a-f]{64}"': r"\1\2<digest>",
    r"(^copied .* in )[0-9.,]+ s": r"\1<seconds> s",  # `estimates restore`
    r"^(code +|.*, code )[0-9a-f]{12}( +[0-9a-f]{12})?": r"\1<code>",  # the job's code revision
    # statsforecast is compiled for the processor, and the last digits of its forecasts are, too
    r"^( *parameters +.*model=Auto(?:.*\n){3} +snapshot +)[0-9a-f]{12}$": r"\1<forecasts>",
    r'("name":"code","old":)"[0-9a-f]{64}","new":"[0-9a-f]{64}"': r"\1<code>",
    r'(<time datetime="[^"]*" title="[^"]*">).*?(?=</time>)': r"\1<shown>",  # of a page
    r'("mlflow_run": ?)"[0-9a-f]{32}"': r'\1"<mlflow run>"',  # of failed runs, which no event names
    r"^(x-request-id: )[0-9a-f]+": r"\1<request>",
    r"\b([a-z]+) [0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?=  )": r"\1 <now>",  # a last run
    r"^.* Killing worker.*\n": "",  # granian's, now and then
    r'^estimates_request_(seconds_bucket|.*status="202").*\n': "",  # 202: of a busy machine
    r"^(estimates_(?:request\w*|\w+_seconds|workers)(?:{.*})?) \S+$": r"\1 <number>",
}


class Normal:
    """The rules of one recording.

    `names` says what stands for its folder and its addresses. A time of an event is written as one,
    also a cadence later, when the next version is expected; another time since `start` is `<now>`.
    """

    def __init__(self, names: dict[str, str], events: list[Any], start: datetime) -> None:
        runs = [event.get("details", {}).get("mlflow_run") for event in events]
        bin_folder = str(Path(sys.executable).parent)
        self._names = {bin_folder: "<bin>"} | names | {run: "<mlflow run>" for run in runs if run}
        self._start = start
        self._times = {event["at"]: f"<event {event['id']}>" for event in events}
        for cadence, span in _CADENCES.items():
            for event in events:
                expected = (datetime.fromisoformat(event["at"]) + span).replace(tzinfo=None)
                self._times[f"{expected.isoformat()}Z"] = f"<event {event['id']} + {cadence}>"

    def __call__(self, text: str) -> str:
        """The text without what differs from run to run."""
        for volatile, name in self._names.items():
            text = text.replace(volatile, name)
        text = _TIME.sub(self._time, text)
        for pattern, name in _RULES.items():
            text = re.sub(pattern, name, text, flags=re.MULTILINE)
        return text

    def _time(self, match: re.Match[str]) -> str:
        is_now = self._start <= datetime.fromisoformat(match[0]) <= datetime.now(UTC)
        return self._times.get(match[0], "<now>" if is_now else match[0])
