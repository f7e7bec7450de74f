"""What goes over the wire: bytes of an event stream to pieces of an answer. Does no I/O.

Understood are the streams of ``/v1/completions`` (``text``) and ``/v1/chat/completions`` (``delta``), and an answer in
one piece from a server that does not stream. Log-probabilities come in OpenAI's old form, as from vLLM, or in the form
of chats, as from llama-server; a server that has none sends none. TGI names the ends of answers in its own way, shows
the token that ended one, and reports a request that it does not take within the stream.
"""

from __future__ import annotations

import datetime
import email.utils
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fimble.errors import EndpointBusy, EndpointError, EndpointGarbled, EndpointRefused

MAX_LINE_BYTES = 1 << 20
MAX_ANSWER_BYTES = 1 << 24
"""No answer of a few hundred tokens is as long."""
_MAX_SHOWN_CHARS = 200
_END_TOKEN = "eos_token"
_WHOLE = (_END_TOKEN, "stop_sequence")
"""TGI's words for ``stop``. With the first comes the text of the end token, which is none of the answer."""


@dataclass(frozen=True, slots=True)
class Said:
    """A token of the endpoint, or text of which its tokens are not known."""

    text: str
    logprob: float
    """Natural log, at most 0; 0 where the endpoint does not tell."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What one event brings."""

    said: tuple[Said, ...] = ()
    finish: str = ""
    """``stop``, ``length`` …: nothing more comes."""


class Events:
    """Bytes of a stream, cut anywhere, to the data of its events. Each line of data is an event, as OpenAI sends it."""

    def __init__(self) -> None:
        self._rest = b""
        self._num_bytes = 0

    def feed(self, data: bytes) -> Iterator[str]:
        """The events that ``data`` completes. Raises ``EndpointGarbled`` for what goes on and on, and for no UTF-8."""
        self._num_bytes += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE_BYTES or self._num_bytes > MAX_ANSWER_BYTES:
            raise EndpointGarbled("its answer does not end")
        for line in lines:
            yield from _data(line)

    def end(self) -> Iterator[str]:
        """The event that the stream ended with, where no line break follows it."""
        rest, self._rest = self._rest, b""
        yield from _data(rest)


def read_event(data: str) -> Delta:
    """What an event says. Raises ``EndpointError``, such as the one that the event reports."""
    if data == "[DONE]":
        return Delta(finish="stop")
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EndpointGarbled(f"its answer is no JSON: {shown(data)}") from error
    return read_object(event)


def read_object(event: Any) -> Delta:
    """The same for what was read already, of a stream or not."""
    if not isinstance(event, dict):
        raise EndpointGarbled(f"its answer is no object: {shown(json.dumps(event))}")
    if event.get("error"):
        raise _reported(event)
    choices = event.get("choices")
    if choices == [] or (choices is None and "usage" in event):
        return Delta()
    if not isinstance(choices, list) or not isinstance(choices[0], dict):
        raise EndpointGarbled(f"its answer has no choices: {shown(json.dumps(event))}")
    choice = choices[0]
    text = _text(choice)
    finish = choice.get("finish_reason")
    if finish in _WHOLE:
        text, finish = "" if finish == _END_TOKEN else text, "stop"
    return Delta(_said(text, choice.get("logprobs")), finish if isinstance(finish, str) else "")


def message_in(body: str) -> str:
    """What an error's body says, in one short line; nothing for a page in HTML."""
    text = body.strip()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.startswith("<") else shown(text)
    return _message(found)


def retry_after_s(value: str) -> float | None:
    """Of ``Retry-After``: seconds, or a date."""
    try:
        if re.fullmatch("[0-9]+", value.strip()):
            return float(value)
        date = email.utils.parsedate_to_datetime(value)
        if date.tzinfo is None:  # as HTTP means it, wherever this machine is
            date = date.replace(tzinfo=datetime.UTC)
        return max(0.0, date.timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def shown(text: str) -> str:
    """The beginning of what a stranger said, on one line."""
    line = " ".join(text.split())
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(line) <= _MAX_SHOWN_CHARS else line[: _MAX_SHOWN_CHARS - 1] + "…"


def _data(line: bytes) -> Iterator[str]:
    line = line.rstrip(b"\r")
    if not line.startswith(b"data:"):
        return
    try:
        data = line[5:].decode().strip()
    except UnicodeDecodeError as error:
        raise EndpointGarbled("its answer is no UTF-8") from error
    if data:  # without any it keeps the connection alive, as a comment does
        yield data


def _text(choice: dict[str, Any]) -> str:
    inside = choice.get("delta", choice.get("message"))
    text = inside.get("content") if isinstance(inside, dict) else choice.get("text")
    if text is None:
        return ""
    if not isinstance(text, str):
        raise EndpointGarbled(f"its answer has no text: {shown(json.dumps(choice))}")
    return text


def _said(text: str, logprobs: Any) -> tuple[Said, ...]:
    """``text`` by the endpoint's tokens, where what it says of these makes up the text."""
    if not text:
        return ()
    tokens = _tokens(logprobs)
    if "".join(token for token, _ in tokens) == text:
        return tuple(Said(token, logprob) for token, logprob in tokens if token)
    return (Said(text, sum(logprob for _, logprob in tokens)),)


def _tokens(logprobs: Any) -> list[tuple[str, float]]:
    if not isinstance(logprobs, dict):
        return []
    if isinstance(logprobs.get("content"), list):
        pairs = [(one.get("token"), one.get("logprob")) for one in logprobs["content"] if isinstance(one, dict)]
    else:
        texts, values = logprobs.get("tokens"), logprobs.get("token_logprobs")
        if not isinstance(texts, list) or not isinstance(values, list) or len(texts) != len(values):
            return []
        pairs = list(zip(texts, values, strict=True))
    return [(text, _logprob(value)) for text, value in pairs if isinstance(text, str)]


def _logprob(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return 0.0
    return min(0.0, max(-100.0, float(value)))


def _reported(event: dict[str, Any]) -> EndpointError:
    """An error that comes in the middle of a stream, when the status was sent already."""
    error = event["error"]
    code = error.get("code") if isinstance(error, dict) else None
    said = _message({"error": error}) or "it reports an error"
    if code in (400, 404, 413, 422) or event.get("error_type") == "validation":
        return EndpointRefused(said, is_of_request=True)
    return EndpointBusy(said)


def _message(found: Any) -> str:
    for name in ("error", "message", "detail", "msg"):
        if isinstance(found, dict) and found.get(name):
            found = found[name]
    if isinstance(found, dict | list):
        found = json.dumps(found)
    return shown(found) if isinstance(found, str) else ""
