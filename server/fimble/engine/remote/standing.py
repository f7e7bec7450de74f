"""How it stands with an endpoint: whether it answers, what is wrong if it does not, and when to try again.

Data in, data out: who does the trying is ``line.py``. Any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from fimble.errors import EndpointBusy, EndpointError, EndpointGarbled, EndpointRefused

FIRST_WAIT_S = 1.0
MAX_WAIT_S = 30.0
FIRST_WAIT_FOR_A_PERSON_S = 5.0
MAX_WAIT_FOR_A_PERSON_S = 60.0
"""Where only a person can mend it: a key, an address."""
MAX_PATIENCE_S = 300.0
"""No longer is an endpoint left alone, whatever it asks for."""


class Standing:
    """Of one endpoint."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._error: EndpointError | None = None
        self._is_held = False
        self._num_failures = 0
        self._on_change: list[Callable[[], None]] = []

    @property
    def error(self) -> EndpointError | None:
        """What was wrong when it was asked last; the first thing, as long as it is of the same kind."""
        return self._error

    @property
    def is_offline(self) -> bool:
        """Whether requests are not even sent: it is being tried from time to time, by itself."""
        return self._is_held

    def listen(self, on_change: Callable[[], None]) -> None:
        """Call this, on any thread, whenever ``error`` or ``is_offline`` becomes another one."""
        self._on_change.append(on_change)

    def refuse(self) -> None:
        """Raise what is wrong, where requests are not sent now."""
        if self._is_held and self._error is not None:
            raise self._error.with_traceback(None)

    def failed(self, error: EndpointError) -> float | None:
        """A request failed. Returns after how many seconds to try; ``None`` where the next request is the trial."""
        is_of_request = isinstance(error, EndpointRefused) and error.is_of_request
        with self._lock:
            if is_of_request and self._is_held:
                return None
            is_new = self._error is None or type(self._error) is not type(error) or self._is_held is is_of_request
            if is_new:
                self._error, self._is_held = error, not is_of_request
            self._num_failures += not is_of_request
            wait_s = None if is_of_request else _wait_s(error, self._num_failures)
        if is_new:
            self._tell()
        return wait_s

    def answered(self) -> None:
        """It gave an answer that is one."""
        with self._lock:
            was_wrong = self._error is not None
            self._error, self._is_held, self._num_failures = None, False, 0
        if was_wrong:
            self._tell()

    def _tell(self) -> None:
        for on_change in list(self._on_change):
            on_change()


def _wait_s(error: EndpointError, num_failures: int) -> float:
    if isinstance(error, EndpointBusy) and error.retry_after_s is not None:
        return min(MAX_PATIENCE_S, max(FIRST_WAIT_S, error.retry_after_s))
    needs_person = isinstance(error, EndpointRefused | EndpointGarbled)
    first, most = (FIRST_WAIT_FOR_A_PERSON_S, MAX_WAIT_FOR_A_PERSON_S) if needs_person else (FIRST_WAIT_S, MAX_WAIT_S)
    return min(most, first * 2.0 ** min(10, num_failures - 1))
