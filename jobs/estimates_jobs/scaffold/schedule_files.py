"""What starts the job of a set on time: cron, systemd, GitHub Actions, Kubernetes; an example of
each, of which one is used.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import msgspec

# When, by the beginning of the calendar's name: crontab's five fields, and systemd's OnCalendar.
_TIMES = {
    "hourly": ("10 * * * *", "*-*-* *:10:00 UTC"),
    "daily": ("0 6 * * *", "*-*-* 06:00:00 UTC"),
    "monday-to-saturday": ("0 6 * * 0,2-6", "Tue..Sun *-*-* 06:00:00 UTC"),
    "weekly-tuesday": ("0 6 * * 3", "Wed *-*-* 06:00:00 UTC"),
    "weekly-wednesday": ("0 6 * * 4", "Thu *-*-* 06:00:00 UTC"),
    "weekly-thursday": ("0 6 * * 5", "Fri *-*-* 06:00:00 UTC"),
    "weekly-friday": ("0 6 * * 6", "Sat *-*-* 06:00:00 UTC"),
    "weekly-saturday": ("0 6 * * 0", "Sun *-*-* 06:00:00 UTC"),
    "weekly-sunday": ("0 6 * * 1", "Mon *-*-* 06:00:00 UTC"),
    "weekly": ("0 6 * * 2", "Tue *-*-* 06:00:00 UTC"),
    "month-end": ("0 6 1 * *", "*-*-01 06:00:00 UTC"),
    "monthly": ("0 6 2 * *", "*-*-02 06:00:00 UTC"),
    "quarter-end": ("0 6 1 1,4,7,10 *", "*-01,04,07,10-01 06:00:00 UTC"),
    "quarterly": ("0 6 2 1,4,7,10 *", "*-01,04,07,10-02 06:00:00 UTC"),
    "year-end": ("0 6 1 1 *", "*-01-01 06:00:00 UTC"),
    "yearly": ("0 6 2 1 *", "*-01-02 06:00:00 UTC"),
}
_AFTER_DAYS_OF_WORK = ("0 6 * * 2-6", "Tue..Sat *-*-* 06:00:00 UTC")


class Schedule(msgspec.Struct, frozen=True):
    """What a schedule needs to know.

    module  the job's, which its test is named after
    folder  where the contract and the job lie, and relative paths begin
    store   the store's folder or URL
    """

    set: str
    module: str
    calendar: str
    folder: Path
    store: str

    @property
    def times(self) -> tuple[str, str]:
        """When the job runs, for cron and for systemd: after the day of an observation is over."""
        return next(
            (times for stem, times in _TIMES.items() if self.calendar.startswith(stem)),
            _AFTER_DAYS_OF_WORK,
        )


def schedule_files(schedule: Schedule) -> dict[str, str]:
    """File name → text of each example."""
    name = schedule.set
    return {
        f"{name}.cron": _cron(schedule),
        f"{name}.service": _service(schedule),
        f"{name}.timer": _timer(schedule),
        f"{name}.github.yml": _github(schedule),
        f"{name}.kubernetes.yaml": _kubernetes(schedule),
    }


def _program() -> str:
    """The program of this environment, by its whole path: a scheduler has another PATH."""
    return str(Path(sys.prefix) / "bin" / "estimates")


def _cron(schedule: Schedule) -> str:
    # cron ends a command at a % sign
    where = shlex.quote(str(schedule.folder)).replace("%", r"\%")
    program = shlex.quote(_program()).replace("%", r"\%")
    store = shlex.quote(schedule.store).replace("%", r"\%")
    command = f"{program} run {schedule.set} --store {store} --run-id $id"
    again = f"[ $code -ne 3 ] || {{ sleep 300; {command}; code=$?; }}"
    name = f"id={schedule.set}-$(date -u +\\%Y\\%m\\%dT\\%H)"
    log = f"{schedule.set}.log"
    line = f"cd {where} && {name} && {{ {command}; code=$?; {again}; }} >> {log} 2>&1"
    line += f"; [ ${{code:-4}} -eq 0 ] || tail -n 20 {log}"  # cron mails what is printed
    return f"""\
# `crontab schedule/{schedule.set}.cron` replaces your table; `crontab -e` adds to it. Times are the
# machine's. A run that could not reach something (exit code 3) is tried once more, under its name.
# What failed, or was refused by the gate, is mailed by cron: MAILTO=you@example.org says to whom.
SHELL=/bin/sh
{schedule.times[0]} {line}
"""


def _service(schedule: Schedule) -> str:
    def escaped(text: object) -> str:
        return str(text).replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"')

    return f"""\
# systemctl --user link "$PWD"/schedule/{schedule.set}.service "$PWD"/schedule/{schedule.set}.timer
# systemctl --user enable --now {schedule.set}.timer
[Unit]
Description=A version of the estimates {schedule.set}
StartLimitIntervalSec=1h
StartLimitBurst=3

[Service]
Type=oneshot
WorkingDirectory={str(schedule.folder).replace("%", "%%")}
Environment="ESTIMATES_STORE={escaped(schedule.store)}"
ExecStart="{escaped(_program())}" run {schedule.set}
# 1: the gate refused the version, which is kept and not promoted
SuccessExitStatus=1
# What could not be reached (3) is tried again; 2 and 4 need somebody.
Restart=on-failure
RestartSec=5min
RestartPreventExitStatus=2 4
"""


def _timer(schedule: Schedule) -> str:
    return f"""\
[Unit]
Description=When {schedule.set}.service runs

[Timer]
OnCalendar={schedule.times[1]}
Persistent=true

[Install]
WantedBy=timers.target
"""


def _github(schedule: Schedule) -> str:
    return f"""\
# Put this into .github/workflows/ of a repository that holds the contract, the job and its data.
# The store has to outlive the runner: a bucket, whose credentials are secrets of the repository,
# and a catalog that runs share.
name: "{schedule.set}"
on:
  schedule:
    - cron: "{schedule.times[0]}"
  workflow_dispatch:
concurrency: "{schedule.set}"
jobs:
  run:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    env:
      ESTIMATES_STORE: ${{{{ vars.ESTIMATES_STORE }}}}
      ESTIMATES_CATALOG: ${{{{ secrets.ESTIMATES_CATALOG }}}}
      AWS_ACCESS_KEY_ID: ${{{{ secrets.AWS_ACCESS_KEY_ID }}}}
      AWS_SECRET_ACCESS_KEY: ${{{{ secrets.AWS_SECRET_ACCESS_KEY }}}}
      MLFLOW_TRACKING_URI: ${{{{ vars.MLFLOW_TRACKING_URI }}}}
      ESTIMATES_WHEEL: ${{{{ vars.ESTIMATES_WHEEL }}}}  # a URL, of one version
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install "estimates-store[jobs,postgres] @ $ESTIMATES_WHEEL"
      - run: python -m unittest test_{schedule.module}
      - run: >-
          estimates run {schedule.set}
          --run-id {schedule.set}-${{{{ github.run_id }}}}
"""


def _kubernetes(schedule: Schedule) -> str:
    name = schedule.set.replace("_", "-").replace(".", "-")[:52].strip("-")
    return f"""\
# kubectl apply -f {schedule.set}.kubernetes.yaml
# The image holds this folder and estimates-store[jobs,postgres]; the secret has ESTIMATES_STORE,
# ESTIMATES_CATALOG, MLFLOW_TRACKING_URI and the credentials of the bucket.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: "{name}"
spec:
  schedule: "{schedule.times[0]}"
  timeZone: Etc/UTC
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  jobTemplate:
    spec:
      backoffLimit: 2
      # Only what could not be reached (exit code 3) is worth another try, and a pod that was moved.
      podFailurePolicy:
        rules:
          - action: Ignore
            onPodConditions:
              - type: DisruptionTarget
                status: "True"
          - action: FailJob
            onExitCodes:
              operator: NotIn
              values: [3]
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: run
              image: registry.example.org/{name}:latest
              workingDir: /work
              command: ["estimates", "run", "{schedule.set}", "--run-id", "$(JOB)"]
              env:
                - name: JOB
                  valueFrom:
                    fieldRef:
                      fieldPath: metadata.labels['batch.kubernetes.io/job-name']
              envFrom:
                - secretRef:
                    name: "{name}"
"""
