"""Blocks of imports, which Go has: one for all, the standard library's first, each group in its order."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from fimble.features.actions.action import Edit
from fimble.syntax.parsed import Parsed

if TYPE_CHECKING:
    import tree_sitter

_PATH = re.compile(r'"([^"]*)"')
_SPEC = re.compile(r"""^import\s+((?:[\w.]+\s+)?"[^"]*")""")
_BLOCK = re.compile(r"^import\s*\(\n(.*)^\)", re.DOTALL | re.MULTILINE)


def block_of(lines: Sequence[str]) -> str:
    """Import statements as one."""
    specs = [line.removeprefix("import ") for line in lines]
    return lines[0] if len(specs) == 1 else _block(_sorted_into([], specs))


def block_edit(parsed: Parsed, imports: Sequence[tree_sitter.Node], lines: Sequence[str]) -> Edit | None:
    """``lines`` in the block that stands among ``imports``, or made of the only one; ``None`` where that cannot be."""
    specs = [line.removeprefix("import ") for line in lines]
    for node in imports:
        start, end = (parsed.offset_at(byte) - parsed.start for byte in (node.start_byte, node.end_byte))
        old = parsed.text[start:end].replace("\r\n", "\n")
        block, single = _BLOCK.match(old), _SPEC.match(old)
        if block is not None:
            return _changed(parsed, start, end, _block(_sorted_into(block[1].rstrip("\n").split("\n"), specs)))
        if single is not None and single[1] != '"C"' and len(imports) == 1 and single.end() == len(old):
            return _changed(parsed, start, end, _block(_sorted_into([f"\t{single[1]}"], specs)))
    return None


def without_unused(
    parsed: Parsed, imports: Sequence[tree_sitter.Node], read: Collection[str], known: Collection[str]
) -> str:
    """The text without those imports of ``known`` paths whose package is not among the names that are ``read``."""
    text = parsed.data
    for node in reversed(imports):
        statement = text[node.start_byte : node.end_byte].decode()
        block = _BLOCK.match(statement)
        specs = block[1].rstrip("\n").split("\n") if block else [statement.removeprefix("import ")]
        kept = [spec for spec in specs if not _is_unused(spec, read, known)]
        if kept == specs:
            continue
        paths = [spec for spec in kept if spec.strip()]
        new = (_block(kept) if len(paths) > 1 else f"import {paths[0].strip()}") if paths else ""
        rest = text[node.end_byte :] if new else text[node.end_byte :].lstrip(b"\n")
        text = text[: node.start_byte] + new.encode() + rest
    return text.decode()


def _is_unused(spec: str, read: Collection[str], known: Collection[str]) -> bool:
    path = _PATH.fullmatch(spec.strip())
    return path is not None and path[1] in known and path[1].rpartition("/")[2] not in read


def _block(specs: Sequence[str]) -> str:
    return "import (\n" + "".join(f"{spec}\n" for spec in specs) + ")"


def _sorted_into(old: Sequence[str], specs: Sequence[str]) -> list[str]:
    """The lines of a block with ``specs`` in it, each in the first group of its kind."""
    lines = list(old)
    for spec in specs:
        is_own = [bool(_path(line)) and _is_standard(line) == _is_standard(spec) for line in lines]
        if not any(is_own):
            at = len(lines) if not _is_standard(spec) else 0
            new = [f"\t{spec}"]
            lines[at:at] = new if not lines else [*new, ""] if at == 0 else ["", *new]
            continue
        first = is_own.index(True)
        last = next((n for n in range(first, len(lines)) if not lines[n].strip()), len(lines))
        at = next((n for n in range(first, last) if is_own[n] and _path(lines[n]) > _path(spec)), last)
        lines.insert(at, f"\t{spec}")
    return lines


def _path(spec: str) -> str:
    found = _PATH.search(spec)
    return found[1] if found else ""


def _is_standard(spec: str) -> bool:
    return "." not in _path(spec).partition("/")[0]


def _changed(parsed: Parsed, start: int, end: int, new: str) -> Edit | None:
    """Only what differs of the text from ``start`` to ``end``, in whole lines; all of it where those end otherwise."""
    old = parsed.text[start:end]
    if "\r\n" in old:
        return Edit(parsed.start + start, parsed.start + end, new)
    olds, news = old.splitlines(keepends=True), new.splitlines(keepends=True)
    head = _num_same(olds, news)
    tail = _num_same(olds[head:][::-1], news[head:][::-1])
    begin = start + sum(map(len, olds[:head]))
    stop = end - sum(map(len, olds[len(olds) - tail :]))
    return Edit(parsed.start + begin, parsed.start + stop, "".join(news[head : len(news) - tail]))


def _num_same(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines are the same at the beginning of both."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
