"""The peer of the typing benchmark: llama.cpp with llama.vim's policy, after its source.

On every key: show what the cache holds for the place (the same prompt, or one up to 128
characters back that foresaw what was typed since), then ask, unless more than 8 characters
stand right of the cursor or the answer is cached. One request at a time and none cancelled:
while one runs, the next is tried again every 100 ms. A shown suggestion is followed by a
request ahead, as if it had been accepted, with 1000 ms to generate instead of 250.

Different in the peer's favour: the current line stands behind the middle token, as llama.vim
means it, where llama-server puts it before the suffix and computes the suffix again at every
key; no ring of chunks from other places lengthens the prompt. To its disadvantage, and to be
turned on: llama-server's ``--batch-size`` cuts long prompts, its ``--cache-reuse`` saves what
follows a line that left the window. Of no weight in time: greedy instead of sampled, the
oldest cache entry goes first, characters where Vim counts bytes.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fimble.bench.corpus import SourceFile
from fimble.bench.llama_cpp import VERSION
from fimble.bench.llama_server import LlamaServer, Options, running
from fimble.bench.llama_vim_text import Context, Place, context_at, context_behind, place_at, rendered
from fimble.bench.replay import Answer, Effort
from fimble.bench.script import Step
from fimble.errors import FimbleError

NUM_PREDICT = 128
FIRST_MS = 250
AHEAD_MS = 1000
RETRY_S = 0.1
MAX_RIGHT = 8
MAX_CACHED = 250
MAX_BACK = 128
NUM_TRIMMED = 3
"""A response is also cached under its prompt without the one to three uppermost lines."""


class LlamaVim:
    """llama.vim in an editor with one server: ``replay.Side``. Handlers run under one lock, as in an editor's loop."""

    name = f"llama.cpp (node-llama-cpp {VERSION}) with llama.vim's policy"

    def __init__(self, server: LlamaServer) -> None:
        self._server = server
        self._changed = threading.Condition()
        self._cache: OrderedDict[bytes, str] = OrderedDict()
        self._place = Place(("",), 0, 0)
        self._shown: tuple[str, ...] = ("",)
        self._job = False
        self._timer: threading.Timer | None = None
        self._last_indent = 0
        self._pressed_s = self._answered_s = 0.0
        self._is_answered = True
        self._is_from_cache = False
        self._failure: FimbleError | None = None
        self._effort = Effort()
        self._num_run_tokens = 0

    def clear(self) -> None:
        """Forget everything, in the server too, once its work has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_quiet() or self._failure is not None)
            if self._failure is not None:
                raise self._failure
            self._cache.clear()
            self._num_run_tokens = 0
            self._server.clear()

    def open(self, file: SourceFile) -> None:
        """llama.vim does nothing of weight when a file is opened."""

    def press(self, step: Step, before: str, after: str) -> None:
        with self._changed:
            self._pressed_s, self._is_answered = time.perf_counter(), False
            self._place = place_at(after, step.cursor)
            self._shown = ("",)
            self._try_hint()
            self._is_from_cache = self._is_answered
            self._ask(self._place, None)
            self._settle_when_quiet()

    def answer(self, deadline_s: float) -> Answer | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_answered or self._failure is not None, max(0.0, deadline_s - time.perf_counter())
            )
            if self._failure is not None:
                raise self._failure
            if not self._is_answered:
                return None
            return Answer(_own_text(self._shown), (self._answered_s - self._pressed_s) * 1e3)

    def effort(self) -> Effort:
        with self._changed:
            effort, self._effort = self._effort, Effort()
            source = "cache" if self._is_from_cache else "model"
            return replace(effort, source=source, num_run_tokens=self._num_run_tokens)

    def close(self) -> None:
        """Let nothing start again."""
        with self._changed:
            if self._timer is not None:
                self._timer.cancel()
            self._failure = FimbleError("The peer is closed.")

    def _try_hint(self) -> None:
        """``s:fim_try_hint``: show what the cache holds, and ask ahead behind it."""
        context = context_at(self._place)
        found = self._lookup(context)
        if found is None:
            return
        self._shown = rendered(self._place, found)
        if _own_text(self._shown):
            self._settle()
        self._ask(self._place, (*self._shown[:-1], self._shown[-1] + self._place.right))

    def _lookup(self, context: Context) -> str | None:
        typed = context.prefix + context.middle
        exact = self._cached(typed, context.suffix)
        if exact is not None:
            return exact
        best: str | None = None
        for num_back in range(1, min(MAX_BACK, len(typed) - 1) + 1):
            answer = self._cached(typed[:-num_back], context.suffix)
            if answer is not None and answer.startswith(typed[-num_back:]) and len(answer) > num_back:
                rest = answer[num_back:]
                best = rest if best is None or len(rest) > len(best) else best
        return best

    def _cached(self, typed: str, suffix: str) -> str | None:
        return self._cache.get(_key(typed, suffix))

    def _ask(self, place: Place, ahead: tuple[str, ...] | None) -> None:
        """``llama#fim``, at ``place``, or behind the suggestion ``ahead`` there."""
        if self._failure is not None:
            return
        if self._job:
            self._retry_later(place, ahead)
            return
        context = context_at(place) if ahead is None else context_behind(place, ahead, self._last_indent)
        if context.num_right > MAX_RIGHT or any(key in self._cache for key in _keys(context)):
            if ahead is None:
                self._settle()
            return
        self._last_indent = context.num_indent
        self._job = True
        request = {
            "prefix": context.prefix,
            "suffix": context.suffix,
            "middle": context.middle,
            "n_indent": context.num_indent,
            "n_predict": NUM_PREDICT,
            "t_max_predict_ms": FIRST_MS if ahead is None else AHEAD_MS,
        }
        place_asked = place if ahead is None else None
        threading.Thread(target=self._run, args=(request, context, place_asked), daemon=True).start()

    def _retry_later(self, place: Place, ahead: tuple[str, ...] | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(RETRY_S, self._retry, (place, ahead))
        self._timer.daemon = True
        self._timer.start()

    def _retry(self, place: Place, ahead: tuple[str, ...] | None) -> None:
        with self._changed:
            if self._timer is threading.current_thread():
                self._timer = None
                self._ask(place if ahead is not None else self._place, ahead)
                self._settle_when_quiet()

    def _run(self, request: dict[str, Any], context: Context, place_asked: Place | None) -> None:
        try:
            response = self._server.complete(request)
        except FimbleError as error:
            with self._changed:
                self._failure = self._failure or error
                self._changed.notify_all()
            return
        with self._changed:
            self._count(response)
            for key in _keys(context):
                self._cache[key] = response["content"]
                while len(self._cache) > MAX_CACHED:
                    self._cache.popitem(last=False)
            if not _own_text(self._shown):
                self._try_hint()
            self._job = False
            if place_asked == self._place:
                self._settle()
            self._settle_when_quiet()

    def _settle_when_quiet(self) -> None:
        if self._is_quiet():
            self._settle()
        self._changed.notify_all()

    def _settle(self) -> None:
        """What is on the screen, or nothing, is the answer to the last key."""
        if not self._is_answered:
            self._is_answered, self._answered_s = True, time.perf_counter()

    def _count(self, response: dict[str, Any]) -> None:
        self._num_run_tokens += response["num_prompt_tokens"] - response["num_reused_tokens"]
        self._num_run_tokens += response["num_generated_tokens"]
        self._effort = Effort(
            num_prompt_tokens=self._effort.num_prompt_tokens + response["num_prompt_tokens"],
            num_reused_tokens=self._effort.num_reused_tokens + response["num_reused_tokens"],
            num_generated_tokens=self._effort.num_generated_tokens + response["num_generated_tokens"],
        )

    def _is_quiet(self) -> bool:
        return not self._job and self._timer is None


@contextmanager
def start(folder: Path, model: Path, num_threads: int, options: Options) -> Iterator[LlamaVim]:
    """llama.vim in front of ``llama_server.running`` with the same arguments."""
    with running(folder, model, num_threads, options) as server:
        side = LlamaVim(server)
        try:
            yield side
        finally:
            side.close()


def _keys(context: Context) -> list[bytes]:
    prefix, keys = context.prefix, [_key(context.prefix + context.middle, context.suffix)]
    for _ in range(NUM_TRIMMED):
        prefix = prefix.partition("\n")[2]
        if not prefix:
            break
        keys.append(_key(prefix + context.middle, context.suffix))
    return keys


def _key(typed: str, suffix: str) -> bytes:
    """llama.vim hashes every prompt that it looks for, and so do we: it is part of its time."""
    return hashlib.sha256(f"{typed}Î{suffix}".encode(errors="surrogatepass")).digest()


def _own_text(shown: tuple[str, ...]) -> str:
    """The suggestion, where there is more to it than blanks."""
    text = "\n".join(shown)
    return text if text.strip() else ""
