"""Document: where documentation goes, and that code stays what it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.checks.finding import fatal
from fimble.features.actions.document import Document
from fimble.syntax.code import code_of
from tests.unit.features.actions.pages import at

DOCUMENT = Document()


def documented(language: str, marked: str, text: str = "Say it all.") -> str:
    selection, page = at(language, marked)
    (offer,) = DOCUMENT.offers(selection, page)
    edit = DOCUMENT.edit(offer, page.parsed, text)
    after = page.parsed.text[: edit.start] + edit.text + page.parsed.text[edit.end :]
    assert code_of(after, page.parsed.language.name) == code_of(page.parsed.text, page.parsed.language.name)
    assert DOCUMENT.task(offer, page).check(text) == ()
    return after


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        ("python", "def f(a):\n    retu‸rn a\n", 'def f(a):\n    """Say it all."""\n    return a\n'),
        ("python", "def f(a): retu‸rn a\n", 'def f(a):\n    """Say it all."""\n    return a\n'),
        ("python", "def f(a):\n  '''Old.\n\n  More.'''\n  retu‸rn a\n", 'def f(a):\n  """Say it all."""\n  return a\n'),
        ("python", "class A:\n    x = ‸1\n", 'class A:\n    """Say it all."""\n    x = 1\n'),
        ("python", "@d\ndef f():‸\n    '''Old.'''\n", '@d\ndef f():\n    """Say it all."""\n'),
        ("python", "def f():\r\n    ‸pass\r\n", 'def f():\r\n    """Say it all."""\r\n    pass\r\n'),
        (
            "javascript",
            "class A {\n  /** Old. */\n  f() { ‸}\n}\n",
            "class A {\n  /**\n   * Say it all.\n   */\n  f() { }\n}\n",
        ),
        ("go", "package a\n\n// old\n// text\nfunc f() {‸}\n", "package a\n\n// Say it all.\nfunc f() {}\n"),
        ("rust", "x!();\n\nfn f() {‸}\n", "x!();\n\n/// Say it all.\nfn f() {}\n"),
        ("ruby", "x = 1 # one\ndef f‸\nend\n", "x = 1 # one\n# Say it all.\ndef f\nend\n"),
        (
            "ruby",
            "class A\n  priv‸ate def helper\n  end\nend\n",
            "class A\n  # Say it all.\n  private def helper\n  end\nend\n",
        ),
        (
            "javascript",
            "function f() {\n  ‸return class Named {\n  };\n}\n",
            "function f() {\n  /**\n   * Say it all.\n   */\n  return class Named {\n  };\n}\n",
        ),
        (
            "javascript",
            "export default ‸function f() {\n}\n",
            "/**\n * Say it all.\n */\nexport default function f() {\n}\n",
        ),
    ],
)
def test_documentation_goes_where_the_language_wants_it(language: str, marked: str, expected: str) -> None:
    assert documented(language, marked) == expected


@given(st.text(st.sampled_from("ab\"'\\\n */#{}()=:é"), min_size=8, max_size=60))
def test_no_text_changes_the_code(text: str) -> None:
    """Whatever the model says, it is refused, or the code is the same with it."""
    for language, marked in (
        ("python", "def f(a):\n    if a:\n        retu‸rn a\n"),
        ("java", "class A {\n    int f() { return‸ 1; }\n}\n"),
        ("lua", "function f(a)\n    return a‸\nend\n"),
    ):
        selection, page = at(language, marked)
        (offer,) = DOCUMENT.offers(selection, page)
        if fatal(DOCUMENT.task(offer, page).check(text)):
            continue
        edit = DOCUMENT.edit(offer, page.parsed, text)
        after = page.parsed.text[: edit.start] + edit.text + page.parsed.text[edit.end :]
        assert code_of(after, page.parsed.language.name) == code_of(page.parsed.text, page.parsed.language.name)


def test_code_is_told_from_its_comments() -> None:
    assert code_of("def f():\n    '''a'''\n    return 1  # b\n", "python") == code_of(
        "def f():\n    return 1\n", "python"
    )
    assert code_of("def f():\n    return 1\n", "python") != code_of("def f():\n    return 2\n", "python")
    assert code_of("f(); // a\n", "javascript") == code_of("/* b */ f();\n", "javascript")
    assert code_of("f();\n", "javascript") != code_of("g();\n", "javascript")


def test_the_same_words_in_another_statement_are_other_code() -> None:
    whole, broken = "function f() { return class A {} }", "function f() { return /** a */\nclass A {} }"
    assert code_of(whole, "javascript") != code_of(broken, "javascript")
    assert code_of(whole, "javascript") == code_of(f"/** a */\n{whole}", "javascript")


def test_code_that_is_copied_is_no_documentation() -> None:
    selection, page = at(
        "python", "def f(a):\n    first = a.pop(0)‸\n    second = a.pop(1)\n    return first, second\n"
    )
    (offer,) = DOCUMENT.offers(selection, page)
    check = DOCUMENT.task(offer, page).check
    (found,) = check("Take both.\nfirst = a.pop(0)\n    second = a.pop(1)")
    assert "repeats the code" in found.message and not found.kind.is_fatal
    assert check("Take both, as `first = a.pop(0)` does.") == ()
    old = "Tell what it does.\n\n    And what it does not.\n    "
    selection, page = at("python", f'def f(a):\n    """{old}"""\n    return a‸\n')
    (offer,) = DOCUMENT.offers(selection, page)
    assert DOCUMENT.task(offer, page).check(old) == ()


def test_an_english_file_gets_english_documentation() -> None:
    selection, page = at("go", "package a\n\nfunc f() {‸}\n")
    (offer,) = DOCUMENT.offers(selection, page)
    task = DOCUMENT.task(offer, page)
    assert "English" in task.messages[0].text
    (found,) = task.check("f 计算两个数字的总和")
    assert found.kind.asks_for_another and not found.kind.is_fatal
    selection, page = at("go", "package a\n\n// 总和\nfunc f() {‸}\n")
    (offer,) = DOCUMENT.offers(selection, page)
    task = DOCUMENT.task(offer, page)
    assert "English" not in task.messages[0].text and task.check("f 计算两个数字的总和") == ()


@pytest.mark.parametrize(
    ("language", "marked", "begun", "said"),
    [
        ("go", "func F() int {\n\treturn ‸1\n}\n", "// F", " returns one.\n"),
        ("rust", "fn f() -> i32 {\n    ‸1\n}\n", "///", " Returns one.\n"),
        ("java", "class A {\n    int f() { return ‸1; }\n}\n", "/**\n *", " Returns one.\n */"),
    ],
)
def test_an_answer_goes_on_where_a_word_ends(language: str, marked: str, begun: str, said: str) -> None:
    """Models write blanks with the word behind them: after one that stands there already they write what has none."""
    selection, page = at(language, marked)
    (offer,) = DOCUMENT.offers(selection, page)
    task = DOCUMENT.task(offer, page)
    assert task.start == f"```{language}\n{begun}"
    assert task.cut(task.start + said).lower() in ("returns one.", "f returns one.")


def test_nothing_is_offered_outside_of_a_definition() -> None:
    assert DOCUMENT.offers(*at("python", "x = ‸1\n")) == []
    assert DOCUMENT.offers(*at("json", '{"a": ‸1}')) == []


def test_an_empty_answer_is_refused() -> None:
    selection, page = at("python", "def f():\n    ‸pass\n")
    (offer,) = DOCUMENT.offers(selection, page)
    assert fatal(DOCUMENT.task(offer, page).check("  "))
