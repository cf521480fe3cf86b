"""A process that may read a store and not write it: test_read_only.py starts it, as another user or
where the store's disk is read-only.

Its input is JSON, a list of argument lists; it answers with a list of [exit code, error code or
None, output] of each, in order.
"""

from __future__ import annotations

import json
import sys

from tests.jobs.cli.calls import call

if __name__ == "__main__":
    answers = []
    for arguments in json.load(sys.stdin):
        called = call(*arguments, "--format", "json")
        failed = called.code not in (0, 1) and called.err.startswith("{")
        answers.append([called.code, called.error["code"] if failed else None, called.text])
    print(json.dumps(answers))
