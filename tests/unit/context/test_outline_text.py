"""Definitions, cut down to what a caller needs."""

from __future__ import annotations

import pytest

from fimble.context.outline_text import MAX_SIGNATURE_CHARS, cut_off, of_class, of_function, of_value, short
from fimble.index.chunks import cut
from fimble.index.records import Chunk, Kind
from fimble.syntax.languages import LANGUAGES

CLASS = '''class Gauge(Base):
    """Reads the boiler.

    Slowly.
    """

    unit: str = "mbar"
    _cache: dict[str, int] = {}

    def __init__(self, station: str) -> None:
        self.station = station

    def pressure(self, at: int = 0) -> int:
        return 1013

    def __repr__(self) -> str:
        return ""
'''


def chunks(text: str, language: str = "python") -> tuple[Chunk, ...]:
    return cut("a.py" if language == "python" else "a.ts", LANGUAGES[language], text).chunks


@pytest.mark.parametrize(
    ("signature", "shorter"),
    [
        ("def f(self, a: int, b: dict[str, int] = {}, *args: int)", "def f(self, a, b=..., *args)"),
        ("def f(*, c=1, **more) -> None", "def f(*, c=..., **more) -> None"),
        ("async def f(a: Callable[[int], str] = lambda x: str(x), /) -> int:", "async def f(a=..., /) -> int"),
        ("def f(a: int) -> " + "Very" * 20, "def f(a)"),
        ("def f(", "def f("),
        ("class A", "class A"),
    ],
)  # fmt: skip
def test_a_short_signature(signature: str, shorter: str) -> None:
    assert short(signature) == shorter


def test_a_function() -> None:
    (one,) = chunks('def f(\n    a,\n    b,\n):\n    """Adds.\n\n    More.\n    """\n    return a + b\n')
    assert of_function(one, "python") == 'def f(a, b):\n    """Adds."""\n'
    assert of_function(one, "python", with_doc=False) == "def f(a, b): ...\n"


def test_a_class_shows_what_is_worth_most() -> None:
    whole, *members = chunks(CLASS)
    everything = of_class(whole, members, "python", lambda name: 0.0, 1000)
    assert everything == (
        'class Gauge(Base):\n    """Reads the boiler."""\n    unit: str = "mbar"\n    _cache: dict[str, int] = {}\n'
        "    def __init__(self, station) -> None: ...\n    def pressure(self, at=...) -> int: ...\n"
        "    def __repr__(self) -> str: ...\n"
    )
    some = of_class(whole, members, "python", lambda name: float(name == "pressure"), 140)
    assert "def pressure" in some and "__repr__" not in some and len(some) <= 140
    assert of_class(whole, [], "python", lambda name: 0.0, 10).endswith("    ...\n")


def test_typescript() -> None:
    whole, *members = chunks("export class Desk {\n  send(x: number): void {\n    go();\n  }\n}\n", "typescript")
    assert "send(x: number): void\n" in of_class(whole, members, "typescript", lambda name: 0.0, 400)


def test_a_value() -> None:
    values = Chunk("A", "A", Kind.VALUES, 0, 2, "A, B", "", "A = 1\nB: int = A + 1\nC = [\n    1,\n]\n")
    assert of_value(values, "B") == "B: int = A + 1\n"
    assert of_value(values, "C") == "C = [\n"
    assert of_value(values, "D") == ""


def test_what_is_long_is_cut_at_a_comma() -> None:
    long = "def f(" + ", ".join(f"argument_{number}" for number in range(99)) + ")"
    assert cut_off(long, 60) == "def f(argument_0, argument_1, argument_2, argument_3, …)"
    assert len(cut_off("x" * 999, MAX_SIGNATURE_CHARS)) <= MAX_SIGNATURE_CHARS
