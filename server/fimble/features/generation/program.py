"""A program of its own, from an instruction in any language people speak: what the command line asks for."""

from __future__ import annotations

from fimble.checks.check import check
from fimble.checks.finding import Finding, Kind
from fimble.checks.imports import with_imports
from fimble.features.generation import instructions
from fimble.features.generation.generator import Task
from fimble.syntax.languages import Language


def program_task(instruction: str, language: Language) -> Task:
    """Ask for what ``instruction`` says, in ``language``."""

    def checked(code: str) -> tuple[Finding, ...]:
        return check(code, language) if code.strip() else (Finding(Kind.SYNTAX, 1, "there is no code in it"),)

    return Task(
        instructions.write(instruction, language.name),
        checked,
        start=f"```{language.name}\n",
        mend=with_imports if language.name == "python" else str,
    )
