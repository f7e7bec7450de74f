"""From examples to lessons, in the form in which the model is asked, and from lessons to steps.

A hole is shown as the family wants it. Half of the holes are shown as an editor asks: some lines before the hole
stand after the middle token (``prompt.anchor``); the other half plainly. All text that is shown is taught, the
middle and its end in full and the text around it with ``Settings.context_weight``, divided by how often the windows
of one file's examples overlap: what stands in twenty prefixes would be learnt by heart. Control tokens are not taught.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fimble.engine.tokenizer import Tokenizer
from fimble.errors import ModelFolderInvalid, NothingToLearn, TrainingError
from fimble.prompt.anchor import anchor_offset
from fimble.prompt.build import MAX_CHARS_PER_TOKEN, PromptBuilder, bind
from fimble.prompt.chat import ChatPrompts, Message, Role
from fimble.prompt.templates import FAMILIES, Family, Part
from fimble.text import Cursor, Snapshot
from fimble.training.lessons import Lesson
from fimble.training.records import Example
from fimble.training.settings import Settings
from fimble.weights.checkpoint import Checkpoint

PREFIX_SHARE = 2 / 3
"""Of the room beside the middle; the suffix gets the rest, and either what the other does not need."""
_SMALLEST_CONTEXT_TOKENS = 16
"""A middle that leaves less room for what stands around it is no hole any more."""
_POOL_STEPS = 16
"""Lessons of this many steps are sorted by length before they are cut into steps, so that little is filled up."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What turns text into lessons."""

    tokenizer: Tokenizer
    prompts: PromptBuilder
    end: int
    """The token after a filled hole."""
    chat: ChatPrompts | None
    """None where the model was not taught to follow instructions."""
    chat_end: int
    """The token after an answer."""


def vocabulary_of(checkpoint: Checkpoint, folder: Path, family: Family | None = None) -> Vocabulary:
    """The checkpoint's own, its tokenizer written into ``folder``; the family is known by its control tokens.

    Raises ``TrainingError`` where the vocabulary has none of any family.
    """
    file = folder / "tokenizer.json"
    checkpoint.tokenizer().save(str(file))
    tokenizer = Tokenizer(file)
    family = family or family_of(tokenizer)
    end = next((token for stop in family.stops if (token := tokenizer.token_id(stop)) is not None), None)
    if end is None:
        raise TrainingError(f"The model's vocabulary has none of {', '.join(family.stops)}.", "Train another model.")
    chat, chat_end = None, end
    if checkpoint.chat.template:
        try:
            stated = checkpoint.chat
            chat = ChatPrompts(stated.template, tokenizer, stated.bos_token, stated.eos_token)
            named = tokenizer.token_id(stated.eos_token)
            chat_end = end if named is None else named
        except ModelFolderInvalid:
            chat = None
    return Vocabulary(tokenizer, bind(family, tokenizer), end, chat, chat_end)


def family_of(tokenizer: Tokenizer) -> Family:
    """The family whose control tokens the vocabulary has. Raises ``TrainingError``."""
    for family in FAMILIES.values():
        marks = [part for part in family.parts if isinstance(part, str)]
        if marks and all(tokenizer.token_id(mark) is not None for mark in marks):
            return family
    raise TrainingError("This model knows no holes: its vocabulary has none of the marks.", "Train a code model.")


def lessons_of(examples: Sequence[Example], words: Vocabulary, settings: Settings) -> list[Lesson]:
    """A lesson an example, in order; examples whose middle fits no window are left out."""
    overlaps = _overlaps(examples, settings.max_tokens)
    lessons = []
    for number, example in enumerate(examples):
        weight = settings.context_weight / overlaps.get(example.path, 1.0)
        has_lead = (number * 0.6180339887 + settings.seed) % 1 < settings.lead_share
        lesson = lesson_of(example, words, settings.max_tokens, weight, has_lead)
        if lesson is not None:
            lessons.append(lesson)
    return lessons


def lesson_of(
    example: Example, words: Vocabulary, max_tokens: int, context_weight: float = 0.0, has_lead: bool = False
) -> Lesson | None:
    """``example`` within ``max_tokens``; None where its middle does not fit.

    ``has_lead``: show some lines before the hole after the middle token, as served prompts do.
    """
    if example.instruction:
        return _answer(example, words, max_tokens)
    prefix, lead = example.prefix, ""
    if has_lead:
        cut = anchor_offset(Cursor(Snapshot("", example.language, 0, example.prefix), len(example.prefix)))
        prefix, lead = prefix[:cut], prefix[cut:]
    encode = words.tokenizer.encode
    lead_tokens, rest = _split(encode(lead), encode(lead + example.middle))
    rest.append(words.end)
    parts = words.prompts.parts
    num_control = sum(isinstance(part, int) for part in parts)
    room = max_tokens - num_control - len(lead_tokens) - len(rest)
    if room < _SMALLEST_CONTEXT_TOKENS:
        return None if not has_lead else lesson_of(example, words, max_tokens, context_weight)
    before = encode(prefix[max(0, len(prefix) - room * MAX_CHARS_PER_TOKEN) :])
    after = encode(example.suffix[: room * MAX_CHARS_PER_TOKEN]) if words.prompts.has_suffix else []
    num_before = min(len(before), max(int(room * PREFIX_SHARE), room - len(after)))
    texts = {Part.PREFIX: before[len(before) - num_before :], Part.SUFFIX: after[: room - num_before]}
    tokens: list[int] = []
    weights: list[float] = []
    for part in parts:
        piece = [part] if isinstance(part, int) else texts.get(part, [])
        tokens += piece
        weights += [0.0 if isinstance(part, int) else context_weight] * len(piece)
    weights += [context_weight] * len(lead_tokens) + [1.0] * len(rest)
    return _lesson([*tokens, *lead_tokens, *rest], weights, len(rest))


def _answer(example: Example, words: Vocabulary, max_tokens: int) -> Lesson | None:
    """An instruction and its answer, in the fence that served answers begin with."""
    if words.chat is None:
        return None
    opening = f"```{example.language}\n"
    prompt = words.chat.prompt([Message(Role.USER, example.instruction)], opening)
    answer = words.tokenizer.encode(example.middle.rstrip("\n") + "\n```")
    answer.append(words.chat_end)
    if len(prompt) + len(answer) > max_tokens:
        return None
    return _lesson([*prompt, *answer], [0.0] * len(prompt) + [1.0] * len(answer), len(answer))


def _lesson(tokens: list[int], weights: list[float], num_judged: int) -> Lesson:
    weights[0] = 0.0
    return Lesson(np.array(tokens, np.int32), np.array(weights, np.float32), min(num_judged, len(tokens) - 1))


def _split(lead: list[int], whole: list[int]) -> tuple[list[int], list[int]]:
    """The tokens of ``whole`` that are those of ``lead``, and the rest: a token over the seam is written anew,
    as token healing has it."""
    num_same = 0
    while num_same < min(len(lead), len(whole) - 1) and lead[num_same] == whole[num_same]:
        num_same += 1
    return whole[:num_same], whole[num_same:]


def _overlaps(examples: Sequence[Example], max_tokens: int) -> dict[str, float]:
    """How many windows lie over a character of each file, by estimate, at least 1."""
    windows: dict[str, list[int]] = defaultdict(list)
    for example in examples:
        if not example.instruction:
            windows[example.path].append(len(example.prefix) + len(example.middle) + len(example.suffix))
    window_chars = max_tokens * 3
    return {
        path: max(1.0, sum(min(size, window_chars) for size in sizes) / max(sizes)) for path, sizes in windows.items()
    }


def steps_of(lessons: Sequence[Lesson], batch: int, num_epochs: int, seed: int) -> list[list[int]]:
    """The lessons of each step of the whole run, as places in ``lessons``; each once an epoch, in an order of its own.

    Those of one step are of like length. Raises ``NothingToLearn`` without lessons.
    """
    if not lessons:
        raise NothingToLearn("No example is left to train on.", "Give a repository with more code in it.")
    steps: list[list[int]] = []
    for epoch in range(num_epochs):
        random = np.random.default_rng([seed, epoch])
        order = random.permutation(len(lessons))
        made: list[list[int]] = []
        for start in range(0, len(order), batch * _POOL_STEPS):
            pool = sorted(order[start : start + batch * _POOL_STEPS], key=lambda place: lessons[place].num_tokens)
            made += [[int(place) for place in pool[begin : begin + batch]] for begin in range(0, len(pool), batch)]
        steps += [made[place] for place in random.permutation(len(made))]
    return steps


def pieces_of(places: Sequence[int], lessons: Sequence[Lesson], max_tokens: int) -> list[list[int]]:
    """A step's lessons, or a validation's, in pieces of at most ``max_tokens`` with their filling, longest first."""
    pieces: list[list[int]] = []
    longest = 0
    for place in sorted(places, key=lambda place: -lessons[place].num_tokens):
        if pieces and longest * (len(pieces[-1]) + 1) <= max_tokens:
            pieces[-1].append(place)
        else:
            pieces.append([place])
            longest = lessons[place].num_tokens
    return pieces
