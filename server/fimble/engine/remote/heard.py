"""What is heard of an answer, without what ends it: control tokens that are written out, and what was said already."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from fimble.engine.remote.answer import Answer
from fimble.engine.remote.wire import Said


class Heard:
    """One answer: iterate it for texts with their log-probabilities. What may begin a stop is held back."""

    def __init__(self, answer: Answer, stops: Sequence[str], begun: str = "") -> None:
        """``begun``: what the answer begins with already; where it says so again, that is left out."""
        self._answer, self._stops, self._begun = answer, stops, begun
        self._held: deque[Said] = deque()
        self.is_cut = False
        """Whether it would have gone on; known at its end."""
        self._said = self._without_begun(self._until_stop())
        self._ahead: deque[Said] = deque()

    def __iter__(self) -> Iterator[Said]:
        """Raises ``EndpointError``; ``EngineCancelled``."""
        while self._ahead:
            yield self._ahead.popleft()
        yield from self._said

    def begins_with(self, required: str) -> bool:
        """Whether it does; waits for as much of it as has to be known. To be asked before iterating."""
        text = ""
        for said in self._said:
            self._ahead.append(said)
            text += said.text
            if not required.startswith(text) and not text.startswith(required):
                return False
            if len(text) >= len(required):
                return True
        return False

    def close(self) -> None:
        """No more of it is wanted."""
        self._answer.close()

    def _until_stop(self) -> Iterator[Said]:
        for delta in self._answer:
            self._held.extend(delta.said)
            text = "".join(said.text for said in self._held)
            places = [place for place in (text.find(stop) for stop in self._stops) if place >= 0]
            if places:
                yield from self._take(min(places))
                return
            if delta.finish:
                self.is_cut = delta.finish != "stop"
                break
            yield from self._take(len(text) - _begun_stop(text, self._stops))
        yield from self._take(sum(len(said.text) for said in self._held))

    def _take(self, num_chars: int) -> Iterator[Said]:
        """The first characters of what is held."""
        while num_chars > 0 and self._held:
            said = self._held.popleft()
            if len(said.text) > num_chars:
                self._held.appendleft(Said(said.text[num_chars:], 0.0))
                said = Said(said.text[:num_chars], said.logprob)
            num_chars -= len(said.text)
            yield said

    def _without_begun(self, said: Iterator[Said]) -> Iterator[Said]:
        """Chats may not be able to go on with an answer, and say it from its beginning."""
        begun = self._begun.strip()
        held, text = list[Said](), ""
        for one in said if begun else ():
            held.append(one)
            text += one.text
            if not begun.startswith(text.lstrip()) and not text.lstrip().startswith(begun):
                break
            if text.lstrip().startswith(begun):
                rest = text.lstrip()[len(begun) :]
                held = [Said(rest.removeprefix("\n") if self._begun.endswith("\n") else rest, 0.0)]
                break
        yield from (one for one in held if one.text)
        yield from said


def _begun_stop(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end of ``text`` may be the beginning of a stop."""
    longest = max((len(stop) for stop in stops), default=1) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(stop.startswith(text[-length:]) for stop in stops):
            return length
    return 0
