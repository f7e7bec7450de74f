"""A program of its own, from an instruction in any language people speak: what the command line asks for."""

from __future__ import annotations

import re

from fimble.checks.check import check
from fimble.checks.finding import Finding, Kind
from fimble.features.actions.mending import mending
from fimble.features.generation import instructions
from fimble.features.generation.cutting import code_in, without_usage
from fimble.features.generation.generator import Task
from fimble.syntax.languages import Language

_WANTS_USAGE = re.compile(
    r"\b(?:examples?|usage|tests?|demo|print\w*|scripts?|programs?|main|call\w*)\b|示例|测试|例子|用法|打印|输出|脚本|程序|调用",
    re.IGNORECASE,
)
"""What asks for more than definitions."""


def program_task(instruction: str, language: Language) -> Task:
    """Ask for what ``instruction`` says, in ``language``."""

    def checked(code: str) -> tuple[Finding, ...]:
        return check(code, language) if code.strip() else (Finding(Kind.SYNTAX, 1, "there is no code in it"),)

    def cut(answer: str) -> str:
        code = code_in(answer)
        return code if _WANTS_USAGE.search(instruction) else without_usage(code)

    return Task(
        instructions.write(instruction, language.name),
        checked,
        start=f"```{language.name}\n",
        cut=cut,
        mend=mending(language),
    )
