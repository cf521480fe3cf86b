"""What a job prints is without secrets."""

from __future__ import annotations

import sys

import pytest

from estimates_jobs.run.masked_output import masked_output


def test_secrets_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On both streams, by each way of writing; what is no secret stays."""
    monkeypatch.setenv("WAREHOUSE_PASSWORD", "s3cr3t-of-a-test")
    with masked_output():
        print("it is s3cr3t-of-a-test, not that")
        sys.stderr.writelines(["s3cr3t-of-a-test", "\n"])
        sys.stdout.flush()
    out, err = capsys.readouterr()
    assert (out, err) == ("it is ***, not that\n", "***\n")


def test_the_streams_are_what_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    """Also after a job that failed."""
    before = sys.stdout, sys.stderr
    with pytest.raises(ZeroDivisionError), masked_output():
        raise ZeroDivisionError
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().out == ""
