"""Files over HTTP: resumed after every kind of interruption, and given up soon where nobody answers.

Fetching whole repositories is huggingface_hub's business; here one file of known size
and digest is wanted, with a partial that a person can see, so `requests` is enough.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import requests

from fimble.errors import DownloadFailed
from fimble.weights.partial import PartialFile

CHUNK_BYTES = 1 << 16
"""Small, since a chunk that a broken connection cuts short is lost."""
CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 10.0
"""For name lookup, every address, redirects and the first line of the answer together."""
READ_TIMEOUT_S = 30.0
MAX_ATTEMPTS = 4
"""Attempts in a row that bring nothing; any byte that arrives starts the count anew."""
PAUSE_S = 0.5
"""Before the second attempt; doubled before each further one."""

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class _Interrupted(Exception):
    """The connection broke, or the server asked for patience."""


class _Unreachable(_Interrupted):
    """Nobody answers at that address."""


class Refused(DownloadFailed):
    """The server answered, and it was no."""

    def __init__(self, what: str, status: int) -> None:
        super().__init__(what)
        self.status = status
        """HTTP's status, such as 404."""


def fetch(url: str, partial: PartialFile, on_bytes: Callable[[int], None]) -> None:
    """Bring ``partial`` to its full size from ``url``, continuing where it stands.

    ``on_bytes`` is told the size reached, in bytes. An address that never answered is given
    up at once, one that did is tried again. Raises ``DownloadFailed``, ``ChecksumMismatch``
    (longer than wanted) or ``NotEnoughDisk``.
    """
    attempts, best_bytes = 0, partial.num_bytes
    with requests.Session() as session:
        while partial.num_bytes < partial.file.bytes:
            try:
                _continue(session, url, partial, on_bytes)
            except _Interrupted as interruption:
                arrived, best_bytes = partial.num_bytes > best_bytes, max(partial.num_bytes, best_bytes)
                if isinstance(interruption, _Unreachable) and not arrived and attempts == 0:
                    raise DownloadFailed(f"{urlsplit(url).netloc} {interruption}.") from interruption
                attempts = 1 if arrived else attempts + 1
                if attempts >= MAX_ATTEMPTS:
                    raise DownloadFailed(f"{url} broke off {attempts} times: {interruption}.") from interruption
                time.sleep(PAUSE_S * 2 ** (attempts - 1))


def read(url: str, max_bytes: int) -> bytes:
    """The whole answer, for what is small and of unknown digest. Raises ``DownloadFailed``."""
    for attempt in range(MAX_ATTEMPTS):
        time.sleep(PAUSE_S * 2 ** (attempt - 1) if attempt else 0)
        try:
            with requests.Session() as session:
                return _read(session, url, max_bytes)
        except _Unreachable as error:
            raise DownloadFailed(f"{urlsplit(url).netloc} {error}.") from error
        except _Interrupted as error:
            failure = error
    raise DownloadFailed(f"{url} broke off {MAX_ATTEMPTS} times: {failure}.") from failure


def _read(session: requests.Session, url: str, max_bytes: int) -> bytes:
    content = bytearray()
    with _open(session, url, 0) as response:
        if response.status_code == 429 or response.status_code >= 500:
            raise _Interrupted(f"the server answered {response.status_code}")
        if response.status_code != 200:
            raise Refused(f"{url} answered {response.status_code} {response.reason}.", status=response.status_code)
        try:
            for chunk in response.iter_content(CHUNK_BYTES):
                content += chunk
                if len(content) > max_bytes:
                    raise DownloadFailed(f"{url} has more than {max_bytes} bytes.")
        except requests.RequestException as error:
            raise _Interrupted(str(error)) from error
    stated = response.headers.get("Content-Length", "")
    if stated.isdigit() and int(stated) != len(content):
        raise _Interrupted("the answer ended early")
    return bytes(content)


def _continue(session: requests.Session, url: str, partial: PartialFile, on_bytes: Callable[[int], None]) -> None:
    """One request. Raises ``_Interrupted`` when it ends before the file does."""
    with _open(session, url, partial.num_bytes) as response:
        _accept(response, url, partial)
        try:
            for chunk in response.iter_content(CHUNK_BYTES):
                partial.write(chunk)
                on_bytes(partial.num_bytes)
        except requests.RequestException as error:
            raise _Interrupted(str(error)) from error
    if partial.num_bytes < partial.file.bytes:
        raise _Interrupted("the answer ended early")


def _accept(response: requests.Response, url: str, partial: PartialFile) -> None:
    """Check that the answer continues the partial; start over where it does not."""
    status = response.status_code
    if status == 429 or status >= 500:
        raise _Interrupted(f"the server answered {status}")
    if status == 416:
        partial.rewind()
        raise _Interrupted("the server refused to continue")
    if status not in (200, 206):
        raise DownloadFailed(f"{url} answered {status} {response.reason}.")
    if status == 200:
        partial.rewind()
        total = response.headers.get("Content-Length", "")
    else:
        content_range = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if content_range is None or int(content_range[1]) != partial.num_bytes:
            partial.rewind()
            raise _Interrupted("the server continued at another place")
        total = content_range[2]
    if total.isdigit() and int(total) != partial.file.bytes:
        raise DownloadFailed(
            f"{url} has {total} bytes, and the catalogue names {partial.file.bytes}: it is another file."
        )


def _open(session: requests.Session, url: str, offset: int) -> requests.Response:
    """Send the request, and wait no longer than ``ANSWER_TIMEOUT_S`` for the answer to begin.

    A thread, because the system's name lookup cannot be given a time limit and each of
    a host's addresses gets the connect timeout anew. requests' errors for an address that
    is none are kinds of ``ValueError``.
    """
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
    answers: queue.Queue[requests.Response | requests.RequestException | ValueError] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(session.get(url, headers=headers, stream=True, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S)))
        except (requests.RequestException, ValueError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="fimble-http", daemon=True).start()
    try:
        answer = answers.get(timeout=ANSWER_TIMEOUT_S)
    except queue.Empty:
        raise _Unreachable(f"gave no answer within {ANSWER_TIMEOUT_S:.0f} s") from None
    if isinstance(answer, requests.Response):
        return answer
    if isinstance(answer, ValueError):
        raise DownloadFailed(f"{url} is not an address that can be asked: {answer}.") from answer
    if isinstance(answer, (requests.ConnectionError, requests.Timeout)) and not _broke_off(answer):
        raise _Unreachable("cannot be reached") from answer
    raise _Interrupted(str(answer)) from answer


def _broke_off(error: requests.RequestException) -> bool:
    """True where a connection stood and was lost, which a second attempt may mend."""
    return isinstance(error, requests.ReadTimeout) or "aborted" in str(error).lower()
