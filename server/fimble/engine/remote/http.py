"""One request to an endpoint: what its answers and failures mean. The only file that imports httpx.

Certificates are always verified. Redirects are not followed: the key and the code are for the host that was named.
Of the environment two things count: the proxy, which never stands between a person and this machine, and
``SSL_CERT_FILE``.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import ssl
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from fimble.engine.remote.address import Address
from fimble.engine.remote.wire import MAX_ANSWER_BYTES, Delta, Events, message_in, read_event, read_object, shown
from fimble.errors import (
    ConfigError,
    EndpointBusy,
    EndpointGarbled,
    EndpointRefused,
    EndpointSilent,
    EndpointUnreachable,
)

CONNECT_TIMEOUT_S = 5.0
_MAX_ERROR_BYTES = 1 << 16
_MAX_CONNECTIONS = 8
_KEPT_ALIVE_S = 60.0


class Client:
    """Connections to one endpoint; on one event loop."""

    def __init__(self, address: Address) -> None:
        """Raises ``ConfigError`` where its certificates, or the proxy to it, cannot be used."""
        self._address = address
        self.key = ""
        proxy = _proxy(address)
        try:
            self._client = httpx.AsyncClient(
                verify=_trusted(address),
                trust_env=False,
                proxy=proxy,
                follow_redirects=False,
                timeout=httpx.Timeout(None, connect=min(CONNECT_TIMEOUT_S, address.timeout_s)),
                limits=httpx.Limits(max_connections=_MAX_CONNECTIONS, keepalive_expiry=_KEPT_ALIVE_S),
                headers={"Accept-Encoding": "identity", "User-Agent": "fimble"},
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise ConfigError(
                f"The proxy on the way to {address.host} cannot be used: {error}.", "HTTPS_PROXY names it; NO_PROXY."
            ) from error

    async def get(self, path: str) -> Any:
        """What a function answers to GET, as JSON. Raises ``EndpointError``."""
        async with self._patience(), self._response("GET", path, None) as response:
            return await _json(response)

    async def post(self, path: str, body: Mapping[str, Any], on_delta: Callable[[Delta], None]) -> None:
        """Ask, and tell ``on_delta`` what comes, until nothing more does. Raises ``EndpointError``."""
        loop = asyncio.get_running_loop()
        async with self._patience() as patience, self._response("POST", path, body) as response:
            if _kind(response) != "text/event-stream":
                on_delta(read_object(await _json(response)))
                return
            events, has_ended = Events(), False

            def take(data: str) -> None:
                nonlocal has_ended
                delta = read_event(data)
                has_ended = has_ended or bool(delta.finish)
                if delta.said or delta.finish:
                    patience.reschedule(loop.time() + self._address.timeout_s)
                    on_delta(delta)

            async for data in response.aiter_raw():
                for event in events.feed(data):
                    take(event)
                if has_ended:
                    return
            for event in events.end():
                take(event)
            if not has_ended:
                raise EndpointUnreachable("closed the connection in the middle of an answer")

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def _patience(self) -> AsyncIterator[asyncio.Timeout]:
        """The longest time in which nothing is heard; and httpx' errors as ours."""
        try:
            async with asyncio.timeout(self._address.timeout_s) as patience:
                yield patience
        except TimeoutError as error:
            raise EndpointSilent(f"gave no answer within {self._address.timeout_s:.0f} s") from error
        except httpx.ConnectTimeout as error:
            raise EndpointUnreachable("cannot be reached: nobody answers") from error
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY" in str(error):
                raise EndpointRefused(
                    f"has a certificate that is not trusted ({shown(str(error))})",
                    "Name the certificate of its authority in endpoint_ca_file, if it is yours.",
                ) from error
            raise EndpointUnreachable(f"cannot be reached ({shown(str(error))})") from error
        except httpx.HTTPError as error:
            raise EndpointUnreachable(f"closed the connection ({shown(str(error)) or type(error).__name__})") from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise EndpointRefused(f"is no address ({shown(str(error))})") from error

    @asynccontextmanager
    async def _response(self, method: str, path: str, body: Mapping[str, Any] | None) -> AsyncIterator[httpx.Response]:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        async with self._client.stream(method, self._address.url(path), json=body, headers=headers) as response:
            if response.status_code != 200:
                await _raise_for(response)
            yield response


async def _raise_for(response: httpx.Response) -> None:
    """Raise what a status other than 200 means."""
    status = response.status_code
    if response.is_redirect:
        there = urlsplit(response.headers.get("Location", "")).netloc or response.headers.get("Location", "")
        raise EndpointRefused(
            f"sends on to {shown(there)}, which is not followed",
            "If that is where your code is to go, set endpoint to it.",
        )
    said = message_in(await _read(response, _MAX_ERROR_BYTES))
    told = f"answers {status}" + (f": {said}" if said else f" {response.reason_phrase}".rstrip())
    if status in (401, 403, 407):
        raise EndpointRefused(
            f"refuses the key ({told})",
            "Set FIMBLE_ENDPOINT_KEY, or put the key into the keyring: 'keyring set fimble HOST'.",
        )
    if status == 429 or status >= 500:
        raise EndpointBusy(told, retry_after_s=_retry_after_s(response.headers.get("Retry-After", "")))
    if status in (404, 405):
        raise EndpointRefused(
            told, "Check endpoint, which /completions is added to, and endpoint_model, a model that is there."
        )
    raise EndpointRefused(told, is_of_request=status in (400, 408, 413, 422))


async def _json(response: httpx.Response) -> Any:
    kind = _kind(response)
    if kind and "json" not in kind:
        raise EndpointGarbled(f"answers with {shown(kind)}, which is no completion")
    body = await _read(response, MAX_ANSWER_BYTES)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EndpointGarbled(f"its answer is no JSON: {shown(body[:400].decode('utf-8', 'replace'))}") from error


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    body = b""
    async for data in response.aiter_raw():
        body += data
        if len(body) > max_bytes:
            raise EndpointGarbled("its answer does not end")
    return body


def _kind(response: httpx.Response) -> str:
    kind: str = response.headers.get("Content-Type", "")
    return kind.partition(";")[0].strip().lower()


def _retry_after_s(value: str) -> float | None:
    """Of ``Retry-After``: seconds, or a date."""
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _trusted(address: Address) -> ssl.SSLContext:
    """The certificates of ``ca_file``, or the system's and those that come with httpx."""
    try:
        if address.ca_file is not None:
            return ssl.create_default_context(cafile=address.ca_file)
        context = httpx.create_ssl_context()
        context.load_default_certs()
        return context
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"The certificates in {address.ca_file or 'this system'} cannot be read: {error}.",
            "endpoint_ca_file names a file of certificates in PEM form.",
        ) from error


def _proxy(address: Address) -> str | None:
    """The proxy that the person's environment names for this host; none on the way to this machine."""
    name = urlsplit(address.base).hostname or ""
    if address.is_here or urllib.request.proxy_bypass(name):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get("https" if address.is_encrypted else "http") or proxies.get("all") or None
