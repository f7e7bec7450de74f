"""Certificates are verified, always."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fimble.engine.remote.address import address_of
from fimble.engine.remote.line import Line
from fimble.errors import ConfigError, EndpointError
from tests.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Certified:
    """A server's side, and the authority that vouches for it."""

    context: ssl.SSLContext
    authority: Path


def certified(folder: Path, address: str = "127.0.0.1") -> Certified:
    """A certificate for ``address``, of an authority that nobody knows."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of a test")])
    authority = _signed(name, name, authority_key, authority_key, x509.BasicConstraints(ca=True, path_length=None))
    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An endpoint of a test")])
    own = _signed(subject, name, key, authority_key, host)
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "ca.pem").write_bytes(authority.public_bytes(encoding))
    (folder / "own.pem").write_bytes(
        own.public_bytes(encoding) + key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "own.pem")
    return Certified(context, folder / "ca.pem")


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
    builder = builder.not_valid_before(now - datetime.timedelta(days=1))
    return builder.not_valid_after(now + datetime.timedelta(days=1)).sign(issuer_key, hashes.SHA256())


def failure(endpoint: Endpoint, ca_file: Path | None = None, key: str = "k3y") -> EndpointError | None:
    """What is wrong when the endpoint is asked."""
    line = Line(address_of(endpoint.url, ca_file=str(ca_file or "")), "", lambda: key)
    line.open()
    error = line.standing.error
    line.close()
    return error


def test_a_certificate_of_nobody_is_not_trusted(tmp_path: Path) -> None:
    with Endpoint(tls=certified(tmp_path).context) as endpoint:
        error = failure(endpoint)
        assert error is not None and "certificate that is not trusted" in error.what
        assert "endpoint_ca_file" in error.hint
        assert endpoint.asked == []


def test_the_authority_can_be_named(tmp_path: Path) -> None:
    trusted = certified(tmp_path)
    with Endpoint(tls=trusted.context) as endpoint:
        assert failure(endpoint, trusted.authority) is None
        assert endpoint.asked[0].headers["authorization"] == "Bearer k3y"


def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path) -> None:
    trusted = certified(tmp_path, "10.0.0.7")
    with Endpoint(tls=trusted.context) as endpoint:
        error = failure(endpoint, trusted.authority)
        assert error is not None and "certificate that is not trusted" in error.what
        assert endpoint.asked == []


def test_certificates_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("hello", encoding="utf-8")
    with Endpoint() as endpoint, pytest.raises(ConfigError, match="cannot be read"):
        failure(endpoint, tmp_path / "ca.pem")
