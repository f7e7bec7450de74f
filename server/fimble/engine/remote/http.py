"""One request to an endpoint: what its answers and failures mean. The only file that imports httpx.

Certificates are always verified. Redirects are not followed: the key and the code are for the host that was named.
Of the environment two things count: the proxy (``route.py``) and ``SSL_CERT_FILE``. An endpoint may say in an error
what it was sent; the key is taken out of that.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import httpx

from fimble.engine.remote.address import Address
from fimble.engine.remote.route import DIRECT, proxy_to
from fimble.engine.remote.wire import MAX_ANSWER_BYTES, Delta, Events, message_in, read_event, retry_after_s, shown
from fimble.errors import (
    ConfigError,
    EndpointBusy,
    EndpointError,
    EndpointGarbled,
    EndpointRefused,
    EndpointSilent,
    EndpointUnreachable,
)

CONNECT_TIMEOUT_S = 5.0
_MAX_ERROR_BYTES = 1 << 16
_PROXIES = "HTTPS_PROXY names it, and NO_PROXY the hosts that need none; or FIMBLE_ENDPOINT_PROXY for this one."
_HIDDEN = "(the key)"


class Client:
    """Connections to one endpoint, one a request; on one event loop.

    Most requests end by closing theirs, so there is little to keep; and of a pool, a connection whose request is given
    up at an unlucky moment would never come back.
    """

    def __init__(self, address: Address) -> None:
        """Raises ``ConfigError`` where its certificates, or the proxy to it, cannot be used."""
        self._address = address
        self.key = ""
        self.closing: set[asyncio.Task[None]] = set()
        proxy = proxy_to(address)
        place = proxy.rpartition("@")[2].rpartition("://")[2].rstrip("/")
        self._way = "" if proxy == DIRECT else f" through the proxy {place}"
        self._options: dict[str, Any] = {
            "verify": _trusted(address),
            "trust_env": False,
            "proxy": None if proxy == DIRECT else proxy,
            "follow_redirects": False,
            "timeout": httpx.Timeout(None, connect=min(CONNECT_TIMEOUT_S, address.timeout_s)),
            "headers": {"Accept-Encoding": "identity", "User-Agent": "fimble"},
        }
        try:
            httpx.AsyncClient(**self._options)
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            why = str(error) if "@" not in proxy else "its address cannot be read"  # and may hold a password
            raise ConfigError(f"The proxy on the way to {address.host} cannot be used: {why}.", _PROXIES) from None

    async def get(self, path: str) -> Any:
        """What a function answers to GET, as JSON. Raises ``EndpointError``."""
        async with self._patience(), self._response("GET", path, None) as response:
            said = await _text(response)
            try:
                return json.loads(said)
            except (ValueError, RecursionError) as error:
                raise EndpointGarbled(f"its answer is no JSON: {shown(self._hidden(said))}") from error

    async def post(self, path: str, body: Mapping[str, Any], on_delta: Callable[[Delta], None]) -> None:
        """Ask, and tell ``on_delta`` what comes, until nothing more does. Raises ``EndpointError``."""
        loop = asyncio.get_running_loop()
        async with self._patience() as patience, self._response("POST", path, body) as response:
            if _kind(response) != "text/event-stream":
                on_delta(self._delta(await _text(response)))
                return
            events, has_ended = Events(), False

            def take(data: str) -> None:
                nonlocal has_ended
                delta = self._delta(data)
                has_ended = has_ended or bool(delta.finish)
                if delta.said or delta.finish:
                    patience.reschedule(loop.time() + self._address.timeout_s)
                    on_delta(delta)

            async for data in _stream(response):
                for event in events.feed(data):
                    take(event)
                if has_ended:
                    return
            with suppress(EndpointGarbled):  # half an event, as where the server is ended
                for event in events.end():
                    take(event)
            if not has_ended:
                raise EndpointUnreachable("closed the connection in the middle of an answer")

    async def close(self) -> None:
        """Wait for the connections that are being closed."""
        await asyncio.gather(*self.closing, return_exceptions=True)

    @asynccontextmanager
    async def _patience(self) -> AsyncIterator[asyncio.Timeout]:
        """The longest time in which nothing is heard; and httpx' errors as ours."""
        try:
            async with asyncio.timeout(self._address.timeout_s) as patience:
                yield patience
        except TimeoutError as error:
            raise EndpointSilent(f"gave no answer within {self._address.timeout_s:.0f} s") from error
        except httpx.ConnectTimeout as error:
            raise EndpointUnreachable(f"cannot be reached{self._way}: nobody answers") from error
        except httpx.ConnectError as error:
            if "CERTIFICATE_VERIFY" in str(error):
                raise EndpointRefused(
                    f"has a certificate that is not trusted ({shown(str(error))})",
                    "Name the certificate of its authority in endpoint_ca_file, if it is yours.",
                ) from error
            raise EndpointUnreachable(f"cannot be reached{self._way} ({shown(str(error))})") from error
        except httpx.ProxyError as error:
            raise EndpointRefused(f"cannot be reached{self._way} ({shown(str(error))})", _PROXIES) from error
        except httpx.HTTPError as error:
            why = shown(str(error)).rstrip(".") or type(error).__name__
            raise EndpointUnreachable(f"closed the connection ({why})") from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise EndpointRefused(f"is no address ({shown(str(error))})") from error

    @asynccontextmanager
    async def _response(self, method: str, path: str, body: Mapping[str, Any] | None) -> AsyncIterator[httpx.Response]:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        client = httpx.AsyncClient(**self._options)
        try:
            request = client.build_request(method, self._address.url(path), json=body, headers=headers)
            response = await client.send(request, stream=True)
            if response.status_code == 407:
                told = f"cannot be reached{self._way} (407 {shown(response.reason_phrase)})"
                raise EndpointRefused(told, _PROXIES)
            if response.status_code != 200:
                await self._raise_for(response)
            yield response
        finally:  # to its end, though the request may be given up meanwhile
            closing = asyncio.create_task(client.aclose())
            self.closing.add(closing)
            closing.add_done_callback(self.closing.discard)
            await asyncio.shield(closing)

    async def _raise_for(self, response: httpx.Response) -> None:
        """Raise what a status other than 200 means."""
        status = response.status_code
        if response.is_redirect:
            place = response.headers.get("Location", "")
            there = self._hidden(urlsplit(place).netloc.rpartition("@")[2] or place)
            raise EndpointRefused(
                f"sends on to {shown(there)}, which is not followed",
                "If that is where your code is to go, set endpoint to it.",
            )
        body = await _read(response, _MAX_ERROR_BYTES)
        said = message_in(self._hidden(body.decode("utf-8", "replace")))
        told = f"answers {status}" + (f": {said}" if said else f" {shown(response.reason_phrase)}".rstrip())
        if status in (401, 403):
            raise EndpointRefused(
                f"refuses the key ({told})" if self.key else f"wants a key ({told})",
                "Set FIMBLE_ENDPOINT_KEY, or put the key into the keyring: 'keyring set fimble HOST'.",
            )
        if status in (424, 429) or status >= 500:
            raise EndpointBusy(told, retry_after_s=retry_after_s(response.headers.get("Retry-After", "")))
        if status in (404, 405):
            raise EndpointRefused(
                told, "Check endpoint, which /completions is added to, and endpoint_model, a model that is there."
            )
        raise EndpointRefused(told, is_of_request=status in (400, 408, 413, 422))

    def _delta(self, data: str) -> Delta:
        """What an event of a stream, or an answer in one piece, says."""
        try:
            return read_event(data)
        except EndpointError:
            if self._hidden(data) == data:
                raise
        return read_event(self._hidden(data))

    def _hidden(self, said: str) -> str:
        """``said`` without the key."""
        for key in {self.key, self.key.replace("/", r"\/")} - {""}:
            said = said.replace(key, _HIDDEN)
        return said


async def _text(response: httpx.Response) -> str:
    kind = _kind(response)
    if kind and "json" not in kind:
        raise EndpointGarbled(f"answers with {shown(kind)}, which is no completion")
    return (await _read(response, MAX_ANSWER_BYTES)).decode("utf-8", "replace")


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    body = b""
    async for data in _stream(response):
        body += data
        if len(body) > max_bytes:
            raise EndpointGarbled("its answer does not end")
    return body


def _stream(response: httpx.Response) -> httpx.AsyncByteStream:
    """Its bytes; unlike ``aiter_raw`` this leaves the closing to ``_response``."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return response.stream


def _kind(response: httpx.Response) -> str:
    kind: str = response.headers.get("Content-Type", "")
    return kind.partition(";")[0].strip().lower()


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
