"""The proxy on the way to an endpoint: as the person says, or as the environment of the process says."""

from __future__ import annotations

import urllib.request

from fimble.engine.remote.address import Address

DIRECT = "direct"
"""In the place of a proxy's address: there is none."""


def proxy_to(address: Address) -> str:
    """The address of the proxy, or ``DIRECT``; never is there one on the way to this machine."""
    if address.is_here:
        return DIRECT
    named = address.proxy or _in_environment(address)
    return named if named == DIRECT or "://" in named else f"http://{named}"


def _in_environment(address: Address) -> str:
    """What ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` say, or the system's own settings."""
    if urllib.request.proxy_bypass(address.name):
        return DIRECT
    proxies = urllib.request.getproxies()
    return proxies.get("https" if address.is_encrypted else "http") or proxies.get("all") or DIRECT
