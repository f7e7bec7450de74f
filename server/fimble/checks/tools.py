"""Other languages, by their own programs where those are installed: they read a file and run nothing of it.

The file lies alone in a folder. C may include what the system offers, and no file by its path.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from fimble.checks.finding import Finding, Kind
from fimble.config import SECRET

TIMEOUT_S = 10.0
_SECRETS = frozenset(f"FIMBLE_{name.upper()}" for name in SECRET)
"""What no other program is handed on."""
_COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "bash": ("text.sh", ("bash", "-n")),
    "c": ("text.c", ("gcc", "-fsyntax-only", "-Werror=implicit-function-declaration")),
    "cpp": ("text.cpp", ("g++", "-fsyntax-only", "-w")),
    "go": ("text.go", ("gofmt", "-e", "-l")),
    "javascript": ("text.cjs", ("node", "--check")),
    "lua": ("text.lua", ("luac", "-p")),
    "php": ("text.php", ("php", "-l")),
    "ruby": ("text.rb", ("ruby", "-c")),
    "rust": ("text.rs", ("rustfmt", "--check", "--config", "disable_all_formatting=true")),
}
"""Language -> the file's name and the program that reads it."""
_MODULE = re.compile(r"^(?:import|export)\b(?!\s*\()", re.MULTILINE)
"""What tells a module from a script in JavaScript; a script may say more than a module."""
_LINE = re.compile(r"text\.\w+(?::| on line )(\d+)|\bline (\d+)")
_PLACE = re.compile(r"(?:\S*/)?text\.\w+(?::\d+)*:?\s*|\s*(?:in \S*text\.\w+ )?on line \d+|\bline \d+:?\s*")
_PATH = re.compile(
    r"^[ \t]*(?:#|%:|\?\?=)[^\n]*\b(?:include|include_next|import|embed)\b(?!\s*[<\"][\w+-]+(?:[/.][\w+-]+)*[>\"])",
    re.MULTILINE,
)
"""What makes a C compiler read a file that the system does not offer, or one that cannot be told."""
_REMARK = re.compile(r"\b(?:warning|note): ")
"""What compilers say besides, of a text that they refuse for something else."""
MAX_FINDINGS = 20


def has_tool(language: str) -> bool:
    """Whether the language's own program is installed here."""
    return language in _COMMANDS and shutil.which(_COMMANDS[language][1][0]) is not None


def check_with_tool(text: str, language: str) -> tuple[Finding, ...]:
    """What the language's own program complains of; nothing where there is no such program, or no complaint.

    Messages do not say where, so that the same complaint is the same wherever it moves.
    """
    said = said_of(text, language)
    if not said:
        return ()
    program = _COMMANDS[language][1][0]
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line for line in lines if "rror" in line and not _REMARK.search(line)] or lines[:1] or ["it is refused"]
    anywhere = _LINE.search(said)
    findings: list[Finding] = []
    for line in told[:MAX_FINDINGS]:
        found = _LINE.search(line) or anywhere
        number = int(found[1] or found[2]) if found else 1
        findings.append(Finding(Kind.TOOL, number, f"{program}: {_PLACE.sub(' ', line).strip() or line}"))
    return tuple(findings)


def said_of(text: str, language: str) -> str:
    """All that the language's own program says of a text that it refuses, as it says it, in English; else nothing."""
    if not has_tool(language) or (language in ("c", "cpp") and _PATH.search(text.replace("\\\n", ""))):
        return ""
    name, command = _COMMANDS[language]
    if language == "javascript" and _MODULE.search(text):
        name = "text.mjs"
    with tempfile.TemporaryDirectory(prefix="fimble-check-") as folder:
        (Path(folder) / name).write_text(text, encoding="utf-8", errors="replace")
        try:
            done = subprocess.run(
                [*command, name],
                cwd=folder,
                env={name: value for name, value in os.environ.items() if name not in _SECRETS} | {"LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
    said = (done.stderr or done.stdout).decode(errors="replace")
    return (said or "\n") if done.returncode else ""
