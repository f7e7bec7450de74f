"""How prompts are written for a model on another machine, which has the tokenizer: as text, in the model's own marks.

Prompts are built with marks of our own, whatever the model (``engine.remote.pieces.Mark``), because it may not be known
yet when the first is built, and may be another one when the endpoint was restarted. What they become is decided when
one is asked. A control token that is spelled out in a person's text is broken up there: an endpoint could not tell it
from a real one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fimble.engine.remote.pieces import Mark, Pieces, mark_of
from fimble.engine.remote.question import Question
from fimble.errors import ConfigError
from fimble.prompt.templates import FAMILIES, Family, Part

OURS = Family(
    "endpoint",
    (Mark.PREFIX.text, Part.PREFIX, Mark.SUFFIX.text, Part.SUFFIX, Mark.MIDDLE.text),
    (),
    (Mark.FILE.text, Part.PATH, Part.TEXT),
)
"""The family that prompts are built in."""
OUR_CHAT = (
    "{% for message in messages %}"
    + Mark.USER.text.replace(Mark.USER.value, "{{ message.role }}")
    + "{{ message.content }}{% endfor %}"
    + Mark.ASSISTANT.text
)
"""The chat template that conversations are built in."""

SUFFIX_FIELD = "suffix"
"""In the place of a family: what follows the cursor goes into the field ``suffix``, and the endpoint does the rest."""
CHOICES = (SUFFIX_FIELD, *(name for name in FAMILIES if name != "t5-sentinels"))
"""What ``endpoint_family`` may be."""
_BY_MODEL = (
    (re.compile("qwen"), "qwen2.5-coder"),
    (re.compile("star-?coder|granite"), "starcoder2"),
    (re.compile("code-?llama"), "codellama"),
    (re.compile("deepseek-?coder"), "deepseek-coder"),
    (re.compile("codestral"), "codestral"),
)
_ADDED_THERE = ("<s>", "</s>", "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>")
"""What endpoints put before a prompt, and take off an answer, themselves."""
_CHAT_MARKS = ("<|im_start|>", "<|im_end|>")
_CHAT_FAMILIES = ("qwen2.5-coder",)
"""Whose conversations are written out here; those of others by the endpoint."""
_NO_SYSTEM = "You are a helpful assistant."


@dataclass(frozen=True, slots=True)
class Dialect:
    """``engine.remote.question.Dialect``."""

    wanted: str = ""
    """One of ``CHOICES``; empty for what the model's name says."""

    def __post_init__(self) -> None:
        if self.wanted and self.wanted not in CHOICES:
            raise ConfigError(
                f"endpoint_family is {self.wanted!r}, which does not exist.",
                f"Choose {', '.join(CHOICES)}, or leave it out.",
            )

    def family_for(self, model: str) -> str:
        """One of ``CHOICES``; ``plain`` for a model whose name says nothing."""
        lower = model.lower()
        return self.wanted or next((family for pattern, family in _BY_MODEL if pattern.search(lower)), "plain")

    def question(self, prompt: Sequence[int], model: str) -> Question:
        """``prompt``, in pieces and marks, as ``model`` wants it."""
        parts = _parts(prompt)
        name = self.family_for(model)
        if parts and parts[0][0] in (Mark.SYSTEM, Mark.USER, Mark.ASSISTANT):
            return _written_out(parts) if name in _CHAT_FAMILIES else _as_messages(parts)
        texts = {mark: text for mark, text in parts if mark is not Mark.FILE}
        if name == SUFFIX_FIELD:
            before = texts.get(Mark.PREFIX, "") + texts.get(Mark.MIDDLE, "")
            return Question("completions", {"prompt": before, "suffix": texts.get(Mark.SUFFIX, "")})
        family = FAMILIES[name]
        marks = _marks_of(family)
        shown = "".join(
            _rendered(family.snippet, {Part.PATH: "", Part.TEXT: _broken(text, marks)})
            for mark, text in parts
            if mark is Mark.FILE
        )
        window = {
            Part.PREFIX: _broken(texts.get(Mark.PREFIX, ""), marks),
            Part.SUFFIX: _broken(texts.get(Mark.SUFFIX, ""), marks),
        }
        tail = _broken(texts.get(Mark.MIDDLE, ""), marks)
        stops = tuple(mark.lstrip("▁") for mark in family.stops if mark not in _ADDED_THERE)
        return Question("completions", {"prompt": shown + _rendered(family.parts, window) + tail}, stops)


def _parts(prompt: Sequence[int]) -> list[tuple[Mark, str]]:
    """The texts of a prompt, each with the mark before it."""
    found: list[tuple[Mark, list[int]]] = []
    for piece in prompt:
        mark = mark_of(piece)
        if mark is not None:
            found.append((mark, []))
        elif found:
            found[-1][1].append(piece)
        else:
            found.append((Mark.PREFIX, [piece]))
    pieces = Pieces()
    return [(mark, pieces.decode(ids)) for mark, ids in found]


def _rendered(parts: Iterable[str | Part], texts: dict[Part, str]) -> str:
    return "".join(texts[part] if isinstance(part, Part) else _spelled(part) for part in parts)


def _spelled(mark: str) -> str:
    """A control token as text. Code Llama's stand between spaces; what endpoints add themselves is left out."""
    if mark in _ADDED_THERE:
        return ""
    if mark == "▁<PRE>":
        return "<PRE> "
    return mark.replace("▁", " ", 1) if mark.startswith("▁") else mark


def _marks_of(family: Family) -> tuple[str, ...]:
    control = (part for part in (*family.parts, *family.stops, *family.snippet) if isinstance(part, str))
    return tuple(dict.fromkeys(mark.lstrip("▁") for mark in (*control, *_CHAT_MARKS)))


def _broken(text: str, marks: Sequence[str]) -> str:
    """``text`` with a blank in whatever reads like a control token."""
    for mark in marks:
        if mark in text:
            text = text.replace(mark, f"{mark[0]} {mark[1:]}")
    return text


def _written_out(parts: Sequence[tuple[Mark, str]]) -> Question:
    """A conversation in ChatML, up to where the model goes on."""
    *turns, (_, begun) = parts
    if turns and turns[0][0] is not Mark.SYSTEM:
        turns.insert(0, (Mark.SYSTEM, _NO_SYSTEM))
    marks = _marks_of(FAMILIES["qwen2.5-coder"])
    said = "".join(f"<|im_start|>{mark.value}\n{_broken(text, marks)}<|im_end|>\n" for mark, text in turns)
    prompt = f"{said}<|im_start|>assistant\n{_broken(begun, marks)}"
    return Question("completions", {"prompt": prompt}, ("<|im_end|>", "<|endoftext|>", "<|im_start|>"))


def _as_messages(parts: Sequence[tuple[Mark, str]]) -> Question:
    """A conversation that the endpoint writes out, which knows the model's template."""
    *turns, (_, begun) = parts
    messages = [{"role": mark.value, "content": text} for mark, text in turns]
    fields: dict[str, Any] = {"messages": messages}
    if begun:
        messages.append({"role": Mark.ASSISTANT.value, "content": begun})
        fields |= {"continue_final_message": True, "add_generation_prompt": False}
    return Question("chat/completions", fields, begun=begun)
