from __future__ import annotations

import difflib

from fimble.training.changes import Change, Hunk, changes


def between(before: str, after: str, path: str = "a.py") -> list[Change]:
    matcher = difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    hunks = [
        Hunk(a_start, a_end - a_start, b_start, b_end - b_start)
        for tag, a_start, a_end, b_start, b_end in matcher.get_opcodes()
        if tag != "equal"
    ]
    return changes(path, before, after, hunks)


def test_the_function_that_changed_is_shown_whole() -> None:
    before = "import os\n\n\n@cached\ndef f(a):\n    b = a\n    return b\n\n\ndef g():\n    return 1\n"
    assert between(before, before.replace("b = a", "b = a + 1\n    log(b)")) == [
        Change(
            "@cached\ndef f(a):\n    b = a\n    return b",
            "@cached\ndef f(a):\n    b = a + 1\n    log(b)\n    return b",
        )
    ]


def test_elsewhere_some_lines_around_are_shown() -> None:
    lines = [f"VALUE_{number} = {number}" for number in range(30)]
    before = "\n".join(lines)
    (change,) = between(before, before.replace("VALUE_15 = 15\n", "").replace("VALUE_20 = 20", "VALUE_20 = 21"))
    assert change.before.split("\n") == lines[11:25]
    assert change.after.split("\n") == [
        line.replace("20 = 20", "20 = 21") for line in lines[11:25] if "_15" not in line
    ]


def test_lines_map_back_through_changes_before_them() -> None:
    functions = [f"def f{number}():\n    first = {number}\n    return first\n" for number in range(9)]
    before = "\n\n".join(functions)
    after = before.replace("first = 1\n", "first = 1\n    second = 2\n    third = 3\n")
    after = after.replace("    first = 4\n", "").replace("first = 7", "first = 77")
    found = between(before, after)
    assert [change.before.split("\n")[0] for change in found] == ["def f1():", "def f4():", "def f7():"]
    assert [change.after.split("\n")[0] for change in found] == ["def f1():", "def f4():", "def f7():"]
    assert found[2] == Change(functions[7].strip(), functions[7].strip().replace("= 7", "= 77"))


def test_layout_imports_and_too_much_are_no_change() -> None:
    call = "x = 1\ny = call(first, second)\nz = 2\n"
    assert between(call, call.replace("(first, second)", "(\n    first,\n    second,\n)")) == []
    assert between("import a\n\nx = a\n", "import a\nfrom b import c\n\nx = a\n") == []
    assert between("x = 1\n" * 50, "y = 2\n" * 90) == []
    assert between("x = 1\n", "") == []
    assert between("x = call(1)\n", "x = call(1)\n" + "def f(a):\n    return a\n\n\n" * 14) == []
