"""How each language documents a function: where the text goes, and what is around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fimble.features.actions.layout import laid_out

_MIN_LOOP_CHARS = 16
"""A shorter line may well stand twice."""
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")


@dataclass(frozen=True, slots=True)
class Convention:
    """A form of documentation. ``opening`` is how the model's answer begins, up to its own words."""

    opening: str
    line: str
    """What each further line begins with."""
    closing: str
    """What ends it; nothing where it ends with the last line that begins so."""
    is_inside: bool = False
    """Whether it stands in the body, as in Python."""

    def text_in(self, said: str) -> str:
        """The documentation itself, without marks: from what follows ``opening`` to its end.

        What was cut off in the middle goes as far as its last whole line, and what repeats itself as far as that.
        """
        text, mark = said, self.line.strip()
        if self.closing:
            text, closed, _ = text.partition(self.closing)
            lines = text.split("\n")
            lines = lines if closed or len(lines) == 1 else lines[:-1]
        else:
            lines = text.split("\n")
        kept: list[str] = [lines[0].strip()]
        for line in lines[1:]:
            if mark and not line.strip().startswith(mark):
                if not self.closing:
                    break
                kept.append(line.strip())
                continue
            kept.append(line.strip().removeprefix(mark).removeprefix(" ").rstrip() if mark else line.rstrip())
        return "\n".join(_closed(kept[: _loop_in(kept)])).strip("\n").rstrip()

    def is_over(self, said: str) -> bool:
        """Whether what follows ``opening`` has come to its end, or goes round in circles."""
        lines = said.split("\n")
        if self.closing:
            return self.closing in said or _loop_in(lines[:-1]) < len(lines) - 1
        return len(lines) > 1 and any(not line.strip().startswith(self.line.strip()) for line in lines[1:-1])

    def written(self, text: str, indentation: str, step: str) -> str:
        """``text`` as documentation at ``indentation``; its first line is not indented, and no line break follows."""
        text = _BREAKS.sub("\n", text)
        if self.is_inside:
            first, _, more = text.partition("\n")
            num_blank = len(more) - len(more.lstrip("\n"))
            body = "\n" * num_blank + laid_out(more, indentation, step) if more else ""
            first = first.replace("\\", "\\\\").replace('"""', "'''")
            rest = body.replace("\\", "\\\\").replace('"""', "'''")
            end = " " if not rest and first.endswith('"') else ""
            return f'"""{first}{end}"""' if not rest else f'"""{first}\n{rest}\n{indentation}"""'
        safe = text.replace("*/", "* /").split("\n")
        lines = [f"{self.line}{line}".rstrip() for line in safe]
        if self.closing:
            return f"\n{indentation}".join(("/**", *lines, f" {self.closing}"))
        return f"\n{indentation}".join(lines)


def _loop_in(lines: Sequence[str]) -> int:
    """The number of the first line that says what an earlier one said; the number of lines where there is none."""
    seen: set[str] = set()
    for number, line in enumerate(lines):
        said = line.strip(" */#-\t")
        if said in seen:
            return number
        if len(said) >= _MIN_LOOP_CHARS:
            seen.add(said)
    return len(lines)


def _closed(lines: Sequence[str]) -> Sequence[str]:
    """``lines`` without a fenced block at their end that was cut off, which would take in all that follows."""
    fences = [number for number, line in enumerate(lines) if line.strip().startswith("```")]
    return lines[: fences[-1]] if len(fences) % 2 else lines


_BLOCK = Convention("/**\n * ", " * ", "*/")
PYTHON = Convention('"""', "", '"""', is_inside=True)
CONVENTIONS = {
    "python": PYTHON,
    **dict.fromkeys(("javascript", "typescript", "tsx", "java", "php", "c", "cpp", "kotlin", "scala"), _BLOCK),
    **dict.fromkeys(("rust", "swift", "csharp"), Convention("/// ", "/// ", "")),
    "go": Convention("// ", "// ", ""),
    "ruby": Convention("# ", "# ", ""),
    "bash": Convention("# ", "# ", ""),
    "lua": Convention("--- ", "--- ", ""),
}
_STYLES = (
    ("NumPy", re.compile(r"^\s*(?:Parameters|Returns)\n\s*-{3,}", re.MULTILINE)),
    ("Sphinx", re.compile(r"^\s*:(?:param|returns?|rtype)\b", re.MULTILINE)),
    ("Google", re.compile(r"^\s*(?:Args|Returns|Raises):\s*$", re.MULTILINE)),
)


def style_of(text: str) -> str:
    """The docstring style that a Python file uses most; Google's where it uses none."""
    counts = [(len(pattern.findall(text)), name) for name, pattern in _STYLES]
    best = max(counts, key=lambda pair: pair[0])
    return best[1] if best[0] else "Google"
