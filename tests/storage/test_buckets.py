"""Named bytes in a bucket of a real S3 server: what it refuses, and what a slow line may cost."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from estimates.errors import RefusedError
from estimates.storage.objects import Objects
from tests.s3_server import READER_KEY, READER_SECRET, SECRET, S3Server
from tests.slow_line import slow_line

pytestmark = pytest.mark.slow
Use = Callable[..., None]


@pytest.fixture
def use(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Sets the variables of this process for the server, with changes."""

    def uses(**changes: str) -> None:
        for name, value in (s3.environment() | changes).items():
            monkeypatch.setenv(name, value)

    return uses


def refusal(act: Callable[[], object]) -> str:
    """The message of the RefusedError (`storage_refused`) that an action ends with."""
    with pytest.raises(RefusedError) as caught:
        act()
    assert caught.value.code == "storage_refused"
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_key_that_may_only_read_reads(s3: S3Server, use: Use) -> None:
    """It reads and lists; each way of writing is refused for good."""
    bucket = s3.bucket()
    use()
    Objects(f"s3://{bucket}/a").put("b", b"content")
    use(AWS_ACCESS_KEY_ID=READER_KEY, AWS_SECRET_ACCESS_KEY=READER_SECRET)
    objects = Objects(f"s3://{bucket}/a")
    assert (objects.get("b"), objects.names("")) == (b"content", ["b"])
    for act in (
        lambda: objects.put("b", b"other"),
        lambda: objects.put("large", b"." * 6_000_000),
        lambda: objects.put_if_absent("c", b"other"),
        lambda: objects.move("b", "c"),
    ):
        assert "AccessDenied" in refusal(act)


def test_wrong_keys_and_no_bucket_are_refused(s3: S3Server, use: Use) -> None:
    """A wrong secret, an unknown key and a bucket that is not there are no reason to try again."""
    bucket = s3.bucket()
    use(AWS_SECRET_ACCESS_KEY=SECRET[::-1])
    assert "SignatureDoesNotMatch" in refusal(lambda: Objects(f"s3://{bucket}").get("a"))
    use(AWS_ACCESS_KEY_ID="nobody")
    assert "InvalidAccessKeyId" in refusal(lambda: Objects(f"s3://{bucket}").names(""))
    use()
    absent = Objects("s3://there-is-none")
    for act in (
        lambda: absent.get("a"),
        lambda: absent.names("a"),
        lambda: absent.put("a", b""),
        lambda: absent.put_if_absent("a", b""),
    ):
        assert "NoSuchBucket" in refusal(act)


def test_http_has_to_be_allowed(s3: S3Server, use: Use) -> None:
    """Without AWS_ALLOW_HTTP an endpoint without TLS is refused, and the error names it."""
    use(AWS_ALLOW_HTTP="false")
    assert "AWS_ALLOW_HTTP" in refusal(lambda: Objects(f"s3://{s3.bucket()}").get("a"))


def test_an_address_that_is_none_is_refused(s3: S3Server, use: Use) -> None:
    """One sentence, where the library below breaks down."""
    use(AWS_ENDPOINT_URL=f"{s3.endpoint} and more")
    refusal(lambda: Objects("s3://bucket").names(""))
    assert "abfss://" in refusal(lambda: Objects("az://container/a"))


@pytest.mark.stack
def test_a_slow_line_takes_large_objects(s3: S3Server, use: Use) -> None:
    """What takes longer than the bucket may be silent is written and read."""
    content = os.urandom(14_000_000)
    with slow_line(int(s3.endpoint.rsplit(":", 1)[1]), 12_000_000) as port:
        use(AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", AWS_READ_TIMEOUT="1s")
        objects = Objects(f"s3://{s3.bucket()}")
        objects.put("a", content)
        assert objects.get("a") == content
