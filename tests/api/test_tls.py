"""A service that answers over TLS, from files, and what its clients say of certificates."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from estimates.client import Client
from estimates.errors import UnavailableError
from tests.api.served import started
from tests.builders import SET, define, make_store, promoted

_DAY = timedelta(days=1)


@pytest.fixture
def _of_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


def certificate(folder: Path, name: str, *, expired: bool = False) -> tuple[Path, Path]:
    """Files of a certificate, which is its own authority, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "estimates")])
    begin = datetime.now(UTC) - 3 * _DAY
    alternative = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + (1 if expired else 5) * _DAY)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@contextmanager
def handshakes(files: tuple[Path, Path]) -> Iterator[str]:
    """The URL of a server that shows a certificate, and says nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with suppress(OSError), context.wrap_socket(connection, server_side=True):
                        pass

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def refusal(url: str) -> UnavailableError:
    """What a client says of a service."""
    with Client(url) as client, pytest.raises(UnavailableError) as refused:
        client.sets()
    assert "in 6 attempts" not in refused.value.message
    assert "SSL_CERT_FILE" in refused.value.message
    return refused.value


@pytest.mark.usefixtures("_of_one_file")
@pytest.mark.parametrize(
    ("name", "expired", "why"),
    [
        ("127.0.0.1", True, "certificate has expired"),
        ("estimates.example.com", False, "IP address mismatch"),
    ],
)
def test_a_certificate_that_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, expired: bool, why: str
) -> None:
    """The client says at once what is wrong with it, and does not try again."""
    files = certificate(tmp_path, name, expired=expired)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    with handshakes(files) as url:
        assert why in refusal(url).message


@pytest.mark.slow
@pytest.mark.usefixtures("_of_one_file")
def test_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers over TLS whoever trusts its authority, and nobody in clear."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one")
    files = certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    tls = ("--tls-certificate", str(files[0]), "--tls-key", str(files[1]))
    with started(store.root, 1, *tls) as served:
        with Client(served.url) as client:
            assert client[SET].get("AAPL", "2024-06-03")["value"] == 100.03
        with (
            Client(served.url.replace("https", "http"), patience_s=0) as client,
            pytest.raises(UnavailableError),
        ):
            client.sets()
        monkeypatch.delenv("SSL_CERT_FILE")
        assert "self-signed certificate" in refusal(served.url).message
