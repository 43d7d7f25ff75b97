"""Asking a provider over TLS: whom the machine trusts, and nobody else."""

import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from api.clock import clock
from api.sign_in.discovery import Discovery
from api.sign_in.providers import Provider, ProviderFailed
from tests.sign_in.oidc.forger import CLIENT, Forger, listening, taken_port


@dataclass
class Encrypted:
    """A forger with a certificate of its own making."""

    forger: Forger
    certificate: Path

    @property
    def provider(self) -> Provider:
        return Provider("forger", "The forger", self.forger.issuer, CLIENT, ("openid",), (), self.forger.issuer)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost, with its key in it, that nobody else vouches for."""
    file = tmp_path / "certificate.pem"
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", file, "-out", file]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(["openssl", "req", "-x509", *made, *named], check=True, capture_output=True)
    return file


@pytest_asyncio.fixture
async def encrypted(certificate: Path) -> AsyncIterator[Encrypted]:
    port = taken_port()
    forger = Forger(f"https://localhost:{port.getsockname()[1]}")
    forger.honest()
    async with listening(forger.app, port, ssl_certfile=certificate):
        yield Encrypted(forger, certificate)


async def test_a_provider_whose_certificate_nobody_vouches_for_is_not_asked(encrypted: Encrypted) -> None:
    with pytest.raises(ProviderFailed, match=r"did not answer \(ConnectError\)"):
        await Discovery(encrypted.provider, clock).metadata()
    assert encrypted.forger.asked == []


async def test_a_provider_whom_the_machine_trusts_is_asked_once_an_hour(
    encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(encrypted.certificate))
    discovery = Discovery(encrypted.provider, clock)
    for _ in range(3):
        assert (await discovery.metadata()).token_endpoint == f"{encrypted.forger.issuer}/token"
    assert encrypted.forger.asked == ["/.well-known/openid-configuration", "/keys"]
    assert ssl.get_default_verify_paths().cafile == str(encrypted.certificate)


async def test_a_provider_with_tls_does_not_lead_to_an_endpoint_without(
    encrypted: Encrypted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(encrypted.certificate))
    encrypted.forger.about = {"token_endpoint": "http://127.0.0.1:9/token"}
    with pytest.raises(ProviderFailed, match="its token_endpoint is plain http, though its issuer has https"):
        await Discovery(encrypted.provider, clock).metadata()
