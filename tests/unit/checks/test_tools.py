"""Other languages' own programs: the same complaint is the same wherever it stands, and no other file is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fimble.checks.check import check_change
from fimble.checks.tools import check_with_tool, has_tool, said_of
from fimble.syntax.languages import find

needs_gcc = pytest.mark.skipif(not has_tool("c"), reason="gcc is not installed")
needs_node = pytest.mark.skipif(not has_tool("javascript"), reason="node is not installed")


def test_a_program_is_not_handed_the_key_of_an_endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ruby"
    program.write_text("#!/bin/sh\nenv >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("FIMBLE_ENDPOINT_KEY", "s3cret")
    said = said_of("x = 1", "ruby")
    assert "LC_ALL=C" in said and "s3cret" not in said


@needs_gcc
def test_each_complaint_is_told_with_its_line_but_without_its_place() -> None:
    first, second = check_with_tool("int f(void) { return a; }\n\nint g(void) { return b; }\n", "c")
    assert (first.line, second.line) == (1, 3)
    assert "text.c" not in first.message and "undeclared" in first.message and first.message != second.message


@needs_gcc
def test_what_was_wrong_before_is_not_blamed_on_a_change() -> None:
    broken = "int f(void) { return a; }\n"
    assert check_change(broken, f"/* Returns a. */\n{broken}", find("c", "")) == ()
    (found,) = check_change(broken, f"{broken}int g(void) {{ return b; }}\n", find("c", ""))
    assert "'b'" in found.message.replace("‘", "'").replace("’", "'") and found.line == 2


@needs_gcc
@pytest.mark.parametrize(
    "line",
    [
        '#include "/etc/passwd"',
        "#include </etc/passwd>",
        '#include "../secret"',
        "#  include <../secret>",
        '#inc\\\nlude "/etc/passwd"',
        "%:include </etc/passwd>",
        "#define X </etc/passwd>\n#include X",
    ],
)
def test_no_file_is_read_by_its_path(line: str) -> None:
    assert check_with_tool(f"{line}\nint f(void) {{ return a; }}\n", "c") == ()


@needs_gcc
def test_what_the_system_offers_may_be_included() -> None:
    assert check_with_tool("#include <stdio.h>\n#include <sys/types.h>\nint f(void) { return EOF; }\n", "c") == ()
    assert check_with_tool("#include <stdio.h>\nint f(void) { return EOFF; }\n", "c") != ()


@needs_node
def test_javascript_is_read_by_node() -> None:
    (found,) = check_with_tool("const a = 1;\nconst a = 2;\n", "javascript")
    assert found.line == 2 and "text." not in found.message
