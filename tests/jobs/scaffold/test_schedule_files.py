"""What starts a job on time, in four forms."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest

from estimates_jobs.scaffold.schedule_files import Schedule, schedule_files


def schedule(calendar: str = "daily", **changed: str) -> Schedule:
    """Of the set `demand`."""
    fields = {"set": "demand", "module": "demand_job", "store": "/data/store"} | changed
    return Schedule(calendar=calendar, folder=Path(fields.pop("folder", "/work")), **fields)


@pytest.mark.parametrize(
    ("calendar", "cron", "timer"),
    [
        ("hourly", "10 * * * *", "*-*-* *:10:00 UTC"),
        ("daily", "0 6 * * *", "*-*-* 06:00:00 UTC"),
        ("weekly", "0 6 * * 2", "Tue *-*-* 06:00:00 UTC"),
        ("weekly-sunday", "0 6 * * 1", "Mon *-*-* 06:00:00 UTC"),
        ("weekly-saturday", "0 6 * * 0", "Sun *-*-* 06:00:00 UTC"),
        ("monthly", "0 6 2 * *", "*-*-02 06:00:00 UTC"),
        ("month-end", "0 6 1 * *", "*-*-01 06:00:00 UTC"),
        ("XNYS", "0 6 * * 2-6", "Tue..Sat *-*-* 06:00:00 UTC"),
    ],
)
def test_a_job_runs_when_the_day_is_over(calendar: str, cron: str, timer: str) -> None:
    """Cron and systemd say the same; a calendar of trading days runs the day after each."""
    files = schedule_files(schedule(calendar))
    assert schedule(calendar).times == (cron, timer)
    assert f"\nOnCalendar={timer}\n" in files["demand.timer"]
    assert files["demand.cron"].splitlines()[-1].startswith(f"{cron} cd /work ")
    for name in ("demand.github.yml", "demand.kubernetes.yaml"):
        assert f'"{cron}"' in files[name]


def test_cron_keeps_percent_signs_and_spaces() -> None:
    """Cron would end the command at a bare %; a path with a space is one word."""
    files = schedule_files(schedule(folder="/a b/50%", store="s3://b/x%y"))
    line = files["demand.cron"].splitlines()[-1]
    assert line.count("%") == line.count("\\%")
    words = shlex.split(line.replace("\\%", "%"))
    assert words[words.index("cd") + 1] == "/a b/50%"
    assert words[words.index("--store") + 1] == "s3://b/x%y"


class _Unit(configparser.ConfigParser):
    """A unit of systemd, whose settings keep their capitals."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def test_systemd_keeps_percent_signs_and_quotes() -> None:
    """A bare % would be a specifier; what the gate refused is no failure to try again."""
    text = schedule_files(schedule(folder="/50%", store='/a "b"%'))["demand.service"]
    unit = _Unit(interpolation=None, strict=False)
    unit.read_string(text)
    service = unit["Service"]
    assert service["WorkingDirectory"] == "/50%%"
    assert service["Environment"] == '"ESTIMATES_STORE=/a \\"b\\"%%"'
    assert (service["SuccessExitStatus"], service["RestartPreventExitStatus"]) == ("1", "2 4")


@pytest.mark.parametrize(
    ("name", "label"), [("a.b_c", "a-b-c"), ("x" * 60, "x" * 52), ("a" * 51 + "-b", "a" * 51)]
)
def test_kubernetes_has_names_of_its_own(name: str, label: str) -> None:
    """Without dots and lines, short enough for the pods' suffix, and not ending in a dash."""
    text = schedule_files(schedule(set=name))[f"{name}.kubernetes.yaml"]
    assert f'\n  name: "{label}"\n' in text
    assert f'"run", "{name}"' in text
