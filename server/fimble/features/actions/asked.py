"""Which parts of an answer were asked for: a small model adds others that it likes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from fimble.features.actions.answers import Answer, Part, Role, last_name, mentioned
from fimble.features.actions.helpers import needed
from fimble.syntax.outline import Definition

_SEVERAL = re.compile(
    r"\b(?:functions|methods|classes|getters|setters|operations|helpers|accessors|tests)\b"
    r"|类|結構|结构|接口|[两二三四几多些]个?(?:函数|方法)|(?:函数|方法)们|一组|分别",
    re.IGNORECASE,
)
"""What asks for more than one function, or for what has several."""
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CONSTRUCTORS = ("__init__", "constructor", "__construct", "initialize", "init")
_CONSTRUCTOR_WORD = re.compile(r"construct|init|create|构造|初始化", re.IGNORECASE)
_TEST_WORD = re.compile(r"test|测试|測試", re.IGNORECASE)


def without_extras(answer: Answer, parts: Sequence[Part], said: str, existing: Collection[str] = ()) -> list[Part]:
    """What was asked for, and what that needs; everything, where nothing is defined.

    That are the definitions that are not among ``existing``; of functions only the first, and those that ``said``
    names, unless it asks for several.
    """
    defined = [part for part in parts if part.role is Role.DEFINITION]
    asked = [part for part in defined if not _is_extra(part, said)] or defined
    wanted = [part for part in asked if part.name not in existing] or asked
    if not wanted:
        return list(parts)
    is_one = not _SEVERAL.search(said) and all(part.definition and not part.definition.is_class for part in wanted)
    if is_one:
        wanted = _first(answer, wanted, said)
    kept = needed(answer, [part for part in parts if part.role is Role.VALUE or part in asked], wanted, existing)
    return [part for part in parts if part in wanted or part in kept]


def is_constructor(part: Part, holder: Definition, said: str) -> bool:
    """Whether a constructor comes along unasked; a class without one has none on purpose."""
    return part.name in (*_CONSTRUCTORS, last_name(holder.name)) and not _CONSTRUCTOR_WORD.search(said)


def _first(answer: Answer, functions: Sequence[Part], said: str) -> list[Part]:
    """The function whose name says most of what was ``said``, of equals the first that no other one uses; with all of
    its name, and those that ``said`` names."""
    words = {_stem(word) for word in _WORD.findall(said)}

    def merit(part: Part) -> tuple[int, bool]:
        others = (other for other in functions if other.name != part.name)
        is_used = any(mentioned(part.name, answer.parsed.text[other.core : other.end]) for other in others)
        return len({_stem(word) for word in _WORD.findall(part.name)} & words), not is_used

    first = max(functions, key=merit)
    return [part for part in functions if part.name == first.name or _is_named(part, said)]


def _stem(word: str) -> str:
    """What is the same in forms of an English word, more or less."""
    return word.lower()[:4]


def _is_named(part: Part, said: str) -> bool:
    """Whether ``said`` names a part; in Chinese no blank stands around a name."""
    return part.name in _NAME.findall(said) or mentioned(part.name, said)


def _is_extra(part: Part, said: str) -> bool:
    """Whether a definition only shows or tests what was asked for."""
    if _is_named(part, said):
        return False
    is_test = part.name.lower().startswith("test") and not _TEST_WORD.search(said)
    return is_test or part.name.lower() == "main"
