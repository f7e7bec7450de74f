"""Where an endpoint is, and who it is: an address that is safe to send code and a key to."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fimble.errors import ConfigError

_HINT = "Set endpoint to an address such as https://gpu.example.com:8000/v1."
_ENDINGS = ("/chat/completions", "/completions", "/models")


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address, and how to talk to it."""

    base: str
    """With ``/v1`` and without a slash at its end."""
    host: str
    """Host and port, as people are told."""
    name: str
    """The host alone."""
    is_here: bool
    """Whether it is this machine."""
    is_encrypted: bool
    ca_file: Path | None = None
    """The certificates that are trusted, instead of the system's."""
    timeout_s: float = 10.0
    """The longest time in which nothing is heard."""
    proxy: str = ""
    """The proxy on the way, or ``direct``; empty where the environment says."""

    def url(self, path: str) -> str:
        """Of one of its functions, such as ``completions``."""
        return f"{self.base}/{path}"


def address_of(
    endpoint: str, *, allows_plain_http: bool = False, ca_file: str = "", timeout_s: float = 10.0, proxy: str = ""
) -> Address:
    """The address that the option ``endpoint`` names. Raises ``ConfigError`` where nothing may be sent to it."""
    try:
        parts = urlsplit(endpoint.strip())
        port, name = parts.port, parts.hostname
    except ValueError:  # which may repeat a password that has a slash in it
        raise ConfigError("endpoint is no address: its host or port cannot be read.", _HINT) from None
    if parts.scheme not in ("http", "https") or not name:
        raise ConfigError("endpoint must begin with https:// (or http://) and name a host.", _HINT)
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "endpoint holds a name or a password.",
            "Take it out: the key comes from the environment (FIMBLE_ENDPOINT_KEY) or the keyring.",
        )
    if parts.query or parts.fragment:
        raise ConfigError("endpoint must not have a ? or a # in it.", _HINT)
    is_here, is_encrypted = _is_here(name), parts.scheme == "https"
    if not is_encrypted and not is_here and not allows_plain_http:
        raise ConfigError(
            f"{name} would get your code without encryption, and whoever listens on the way, too.",
            "Use https://, or set endpoint_plain_http to true where the network itself is trusted, such as a VPN.",
        )
    return Address(
        base=_base(parts.scheme, name, port, parts.path),
        host=_named(name, port),
        name=name,
        is_here=is_here,
        is_encrypted=is_encrypted,
        ca_file=_file(ca_file),
        timeout_s=timeout_s,
        proxy=proxy.strip(),
    )


def _named(name: str, port: int | None) -> str:
    host = f"[{name}]" if ":" in name else name
    return host if port is None else f"{host}:{port}"


def _base(scheme: str, name: str, port: int | None, path: str) -> str:
    path = path.rstrip("/")
    for ending in _ENDINGS:
        path = path.removesuffix(ending)
    return f"{scheme}://{_named(name, port)}{path or '/v1'}"


def _is_here(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _file(ca_file: str) -> Path | None:
    if not ca_file:
        return None
    path = Path(ca_file).expanduser()
    if not path.is_absolute() or not path.is_file():
        raise ConfigError(
            f"endpoint_ca_file is {ca_file!r}, which is not the whole path of a file.",
            "Name a file of certificates in PEM form, or leave the option out.",
        )
    return path
