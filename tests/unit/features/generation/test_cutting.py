"""Code out of fences and chatter."""

from __future__ import annotations

import pytest

from fimble.features.generation.cutting import body_is_over, code_in, is_complete

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
