"""Code out of fences and chatter."""

from __future__ import annotations

import pytest

from fimble.features.actions.program import program_task
from fimble.features.generation.cutting import body_is_over, code_in, is_complete, without_usage
from fimble.syntax.languages import find

CODE = "def f():\n    return 1\n"


@pytest.mark.parametrize(
    "answer",
    [
        f"```python\n{CODE}```",
        f"```\n{CODE}\n```\n",
        f"Here is the function:\n\n```python\n{CODE}```\n\nIt returns 1.\n```python\nprint(f())\n```",
        f"~~~py\n{CODE}~~~",
        f"````python\n{CODE}````",
        f"```python\n{CODE}",
        f"当然，以下是代码：\n\n```python\n{CODE}```\n这个函数返回 1。",
        f"Sure! Here's the code:\n\n{CODE}\nThis function returns 1.",
        CODE,
        f"\n\n{CODE}\n\n",
    ],
)
def test_only_the_code_is_kept(answer: str) -> None:
    assert code_in(answer, ("python", "py")) == CODE


def test_the_block_in_the_language_asked_for_is_taken() -> None:
    answer = "```bash\npip install x\n```\nand\n```python\nx = 1\n```"
    assert code_in(answer, ("python",)) == "x = 1\n"
    assert code_in(answer) == "pip install x\n"


def test_a_fence_inside_a_longer_one_is_text() -> None:
    assert code_in("````markdown\n```python\nx\n```\n````") == "```python\nx\n```\n"


def test_indentation_at_the_start_is_kept() -> None:
    assert code_in("```python\n    return 1\n```") == "    return 1\n"


@pytest.mark.parametrize("answer", ["", "   \n", "```python\n```", "```"])
def test_where_there_is_no_code_there_is_none(answer: str) -> None:
    assert code_in(answer).strip("`\n") == ""


def test_an_answer_is_complete_when_its_fence_is_closed() -> None:
    whole = f"```python\n{CODE}```"
    ends = [length for length in range(len(whole) + 1) if is_complete(whole[:length])]
    assert ends == [len(whole)]
    assert not is_complete(CODE)


OPENING = '```python\nclass A:\n    def f(self, a):\n        """Say."""\n'


@pytest.mark.parametrize(
    ("more", "is_over"),
    [
        ("        return a\n", False),
        ("        return a\n\n    def g(self):\n", True),
        ("        return a\n\nprint(A().f(1))\n", True),
        ("        return a\n\nprint(A().f", False),
        ("        return a\n```\n", True),
        ("        return [\n    a,\n    ]\n", True),
        ("        x = (\n    )\n", False),
        ('        sql = """\nselect 1\n"""\n', False),
        ('        sql = """\nselect 1\n"""\n        return sql\nx = 1\n', True),
        ("        return helper(a)\n\ndef helper(a):\n    return a\n", False),
        ("        return helper(a)\n\ndef helper(a):\n    return a\n```\n", True),
        ("        return a\n\ndef test_f():\n", True),
    ],
)
def test_a_body_is_over_where_something_else_begins(more: str, is_over: bool) -> None:
    assert body_is_over(OPENING)(OPENING + more) == is_over


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("def f():\n    pass\n\n# Example usage\nprint(f())\n", "def f():\n    pass\n"),
        ("def f():\n    pass\n\n\n# 示例\nprint(f())\n", "def f():\n    pass\n"),
        ("function f() {}\n\n// Example usage:\nconsole.log(f());\n", "function f() {}\n"),
        ("# Example usage\nprint(1)\n", "# Example usage\nprint(1)\n"),
        ("def f():\n    # Example usage\n    return 1\n", "def f():\n    # Example usage\n    return 1\n"),
        ("def f():\n    pass\n\n# Others\nx = f()\n", "def f():\n    pass\n\n# Others\nx = f()\n"),
    ],
)
def test_an_example_of_use_below_is_not_what_was_asked_for(code: str, kept: str) -> None:
    assert without_usage(code) == kept


@pytest.mark.parametrize(
    ("instruction", "is_kept"),
    [
        ("a function that adds two numbers", False),
        ("编写一个 Python 函数来计算两个数字的总和", False),
        ("a function that adds two numbers, with an example", True),
        ("a script that prints the date", True),
        ("一个打印日期的脚本", True),
    ],
)
def test_who_asks_for_a_script_gets_all_of_it(instruction: str, is_kept: bool) -> None:
    language = find("python", "")
    assert language is not None
    answer = "```python\ndef f():\n    pass\n\n# Example usage\nf()\n```"
    assert ("f()\n" in program_task(instruction, language).cut(answer).replace("def f()", "")) == is_kept
