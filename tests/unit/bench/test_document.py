"""The bench of documentation: the draw, the docstrings' measures, and that a change of code is seen."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from fimble.bench import docstrings, document, functions
from fimble.bench.corpus import SourceFile
from fimble.bench.docstrings import quality, token_f1
from fimble.bench.functions import Function, draw
from fimble.bench.journal import Journal
from fimble.features.actions.action import Done, Edit
from fimble.features.actions.actions import Actions
from tests.unit.bench.scripted import Scripted

SOURCE = '''\
"""Words."""


class Shelf:
    """Holds."""

    é = "é"; x = 1

    @property
    def first(self):
        """The first.

        Args:
            nothing: really
        """

        if self.items:
            return self.items[0]
        raise KeyError("empty")

    @staticmethod
    def made(a, /, b, *rest, c=1, **more):
        def inner():
            return 1

        print(inner, a, b, rest, c, more)
        return None


async def each(text: str):
    for part in text:
        if part:
            yield part


def short(a):
    """Says it."""
    return a


def test_it():
    a = 1
    b = 2
    assert a < b


@typing.overload
def many(a):
    a = 1
    b = 2
    return a


def beside(a): "Doc."; return (
    a,
    1,
    2)
'''
FILE = SourceFile("shelf.py", "python", SOURCE)


def drawn(name: str) -> Function:
    (found,) = [function for function in draw([FILE], 0, 1) if function.name == name]
    return found


def test_functions_of_a_fitting_length_are_drawn_and_no_tests_or_overloads() -> None:
    assert [function.name for function in draw([FILE], 0, 1)] == ["first", "made", "each"]
    assert draw([replace(FILE, path="tests/shelf.py"), FILE], 0, 1) == draw([FILE], 0, 1)
    assert draw([FILE], 2, 5) == draw([FILE], 2, 5) and len(draw([FILE], 2, 5)) == 2
    assert len(draw([FILE], 9, 5)) == 3


def test_the_original_is_taken_out_and_nothing_else() -> None:
    first = drawn("first")
    assert first.original.startswith("The first.") and '"""The first' not in first.text
    assert '"""Holds."""' in first.text and '"""Says it."""' in first.text
    assert first.text[first.offset :].startswith("def first(self):\n        if self.items:\n")
    each = drawn("each")
    assert each.original == "" and each.text == SOURCE and each.text[each.offset :].startswith("async def each")
    assert functions.docstring_of(SOURCE, first.number) == first.original
    assert functions.docstring_of(first.text, first.number) is None


def test_what_a_function_takes_and_gives_is_read_from_it() -> None:
    first, made, each = draw([FILE], 0, 1)
    assert (first.parameters, first.called_on, first.gives_value) == ((), "self", True)
    assert set(made.parameters) == {"a", "b", "rest", "c", "more"}
    assert (made.called_on, made.gives_value) == ("", False), "what is returned inside is not its own"
    assert (each.parameters, each.gives_value) == (("text",), True)
    assert "KeyError" in first.names


FUNCTION = Function("a.py", "f", 0, 0, "", "", ("path", "args"), "self", True, frozenset({"ValueError"}))
STYLES = {
    "Google": "Do.\n\nArgs:\n    self: it\n    path (str): where\n    *args: rest\n    ghost: none\n\n"
    "Returns:\n    int: it\n\nRaises:\n    ValueError: if bad\n    a.KeyError: else",
    "NumPy": "Do.\n\nParameters\n----------\nself\n    it\npath : str\n    where\n*args\n    rest\nghost\n    none\n\n"
    "Returns\n-------\nint\n    it\n\nRaises\n------\nValueError\n    if bad\na.KeyError\n    else",
    "Sphinx": "Do.\n\n:param self: it\n:param str path: where\n:param args: rest\n:param ghost: none\n:returns: it\n"
    ":raises ValueError: if bad\n:raises a.KeyError: else",
    "a list": "Do.\n\nParameters:\n- `self`: it\n- `path` (str): where\n- args - rest\n- ghost\n\n"
    "Returns:\n- int: it\n\nRaises:\n- ValueError if bad\n- a.KeyError",
}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_read(style: str) -> None:
    found = quality(STYLES[style], FUNCTION)
    assert (found.num_parameters, found.num_named, found.num_invented) == (2, 2, 1)
    assert found.is_returns_right
    assert (found.num_raises, found.num_raises_in_body) == (2, 1)
    assert found.has_list == (style == "a list") and not found.is_repeating


def test_what_a_docstring_leaves_out_counts_against_it() -> None:
    found = quality("Give the path of args.", FUNCTION)
    assert (found.num_named, found.num_invented, found.is_returns_right) == (0, 0, False)
    assert quality("Do.", replace(FUNCTION, gives_value=False)).is_returns_right


@pytest.mark.parametrize("said", ["None", "None: It gives nothing.", "- None"])
def test_a_section_that_says_none_is_none(said: str) -> None:
    docstring = f"Do.\n\nArgs:\n    {said}\n\nReturns:\n    {said}\n\nRaises:\n    ValueError: if bad"
    found = quality(docstring, replace(FUNCTION, gives_value=False))
    assert (found.num_invented, found.is_returns_right, found.num_raises) == (0, True, 1)


def test_repetition_is_seen() -> None:
    assert quality("It does this.\nAnd more of that.\nIt does this.", FUNCTION).is_repeating
    assert not quality("Do:\n>>> a\n1\n>>> a\n1", FUNCTION).is_repeating


def test_overlap_counts_words_as_often_as_they_stand_there() -> None:
    assert token_f1("Get the style.", "get THE style") == 1.0
    assert token_f1("a a b c", "a b b d") == pytest.approx(2 * 2 / 8)
    assert token_f1("", "a") == token_f1("", "") == 0.0
    assert docstrings.first_paragraph("One\ntwo.\n\nThree.") == "One\ntwo."


def test_shares_are_over_all_docstrings_together() -> None:
    found = docstrings.summary([quality(STYLES["Google"], FUNCTION), quality("Do.", FUNCTION)])
    assert (found["parameters_named"], found["parameters_invented"]) == (50.0, 33.3)
    assert (found["returns_right"], found["num_raises"], found["raises_in_body"]) == (50.0, 2, 50.0)
    assert docstrings.summary([])["returns_right"] is None


def test_documentation_is_given_by_the_action_and_scored(tmp_path: Path) -> None:
    drawn_functions = draw([FILE], 0, 1)
    answers = ["The first.\n\nReturns:\n    It.\n", "Print all.\n\nArgs:\n    a: one\n", 'Each part.\n"""']
    scripted = Scripted([answer if '"""' in answer else f'{answer}"""' for answer in answers])
    trace = tmp_path / "trace.jsonl"
    actions = Actions(scripted.generator)
    done = document.run(drawn_functions, actions, Journal(trace, {}), lambda _: None)
    assert [one.docstring and one.docstring.split("\n")[0] for one in done] == [
        "The first.",
        "Print all.",
        "Each part.",
    ]
    assert not any(one.is_changed for one in done)
    assert all("nothing: really" not in prompt for prompt in scripted.prompts)
    found = document.summary(drawn_functions, done)
    assert (found["num_functions"], found["num_code_changed"], found["given"]) == (3, 0, 100.0)
    assert (found["parameters_named"], found["returns_right"]) == (16.7, 66.7)
    assert (found["summary_f1"], found["original"]["num_docstrings"]) == (100.0, 1)
    assert document.run(drawn_functions, actions, Journal(trace, {}), lambda _: None) == done
    assert len(scripted.prompts) == 3, "what is known is not asked again"


def test_a_refusal_is_counted() -> None:
    each = drawn("each")
    done = document.document(each, Actions(Scripted(['"""'] * 4).generator))
    assert done.docstring is None and done.refusal and done.num_attempts == 4
    assert document.summary([each], [done])["given"] == 0.0


class Breaks(Actions):
    """An action that edits what it should not."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit

    def run(self, *_: object, **__: object) -> Done:
        return Done((self._edit,))


def test_changed_code_and_a_docstring_elsewhere_are_seen() -> None:
    each = drawn("each")
    inside = each.text.index("    for part in text")
    good = Edit(inside, inside, '    """Each."""\n')
    assert not document.document(each, Breaks(good)).is_changed
    assert document.document(each, Breaks(replace(good, text='    """Each."""\n    text = ""\n'))).is_changed
    assert document.document(each, Breaks(replace(good, text="    # Each.\n"))).is_changed
    assert document.document(each, Breaks(replace(good, text='    """Each.\n'))).is_changed


def test_edits_are_made_from_the_end() -> None:
    done = Done((Edit(0, 1, "xx"), Edit(2, 2, "y")))
    assert document.applied("abc", done) == "xxbyc"
    assert ast.parse(drawn("first").text)
