"""What is unused is taken out without the model, and only where that changes nothing else."""

from __future__ import annotations

import pytest

from fimble.engine.base import CancelToken
from fimble.engine.fake import ScriptedEngine
from fimble.features.actions.action import Kind, Problem
from fimble.features.actions.actions import Actions, offers
from fimble.features.actions.edits import applied
from fimble.features.actions.fix import Fix
from fimble.features.actions.unused import without_unused
from fimble.features.generation.generator import Generator
from fimble.prompt.chat import ChatPrompts
from tests.unit.cursor_mark import CharTokenizer
from tests.unit.features.actions.pages import at


def fixed(text: str, message: str, uri: str = "file:///a.py") -> str | None:
    """The text after the fix of a problem at the cursor; ``None`` where the model is to be asked."""
    place = text.index("‸")
    selection, page = at("python", text, (Problem(place, place + 1, message),), uri)
    (offer,) = Fix().offers(selection, page)
    done = without_unused(offer, page)
    return None if done is None else applied(page.parsed, done.edits)


@pytest.mark.parametrize(
    ("text", "message", "after"),
    [
        ("import ‸os\n\n\nprint(1)\n", "'os' imported but unused", "print(1)\n"),
        ("import re\nimport ‸os  # why\n\nre.sub\n", "`os` imported but unused", "import re\n\nre.sub\n"),
        ("import ‸os, re\n\nre.sub\n", "Unused import os", "import re\n\nre.sub\n"),
        ("import re, ‸os\n\nre.sub\n", '"os" is not accessed', "import re\n\nre.sub\n"),
        ("from a import ‸b as c, d\n\nd()\n", "'a.b as c' imported but unused", "from a import d\n\nd()\n"),
        ("from .a import (\n    b,\n    ‸c,\n    d,\n)\n\nb(d)\n", "'.a.c' imported but unused",
         "from .a import (\n    b,\n    d,\n)\n\nb(d)\n"),
        ("from . import (\n    b,\n    ‸c,\n)\n\nb()\n", "'.c' imported but unused",
         "from . import (\n    b,\n)\n\nb()\n"),
        ("def f():\n    import ‸os\n", "'os' imported but unused", "def f():\n    pass\n"),
        ("def f():\n    ‸unused = 1\n    return 2\n", "local variable 'unused' is assigned to but never used",
         "def f():\n    return 2\n"),
        ("def f():\n    ‸unused = g()\n    return 2\n", "local variable 'unused' is assigned to but never used",
         "def f():\n    g()\n    return 2\n"),
        ("def f():\n    ‸unused: int = [1, {}]\n", "local variable 'unused' is assigned to but never used",
         "def f():\n    pass\n"),
        ("def f():\n    try:\n        g()\n    ‸except (A, B) as error:\n        g()\n",
         "local variable 'error' is assigned to but never used",
         "def f():\n    try:\n        g()\n    except (A, B):\n        g()\n"),
        ("ä = 'ö'; ß = 1\nfrom a import ‸ü, ö\nö\n", "'a.ü' imported but unused",
         "ä = 'ö'; ß = 1\nfrom a import ö\nö\n"),
        ("import re\r\nimport ‸os\r\nre\r\n", "'os' imported but unused", "import re\r\nre\r\n"),
    ],
)  # fmt: skip
def test_what_is_unused_is_taken_out(text: str, message: str, after: str) -> None:
    assert fixed(text, message) == after


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import ‸os\n\nos.sep\n", "'os' imported but unused"),
        ("import ‸os\n", "undefined name 'os'"),
        ("try:\n    import ‸os\nexcept ImportError:\n    pass\n", "'os' imported but unused"),
        ("import re; import ‸os\nre\n", "'os' imported but unused"),
        ("from a import (\n    b,  # why\n    ‸c,\n)\nb\n", "'a.c' imported but unused"),
        ("def f(‸a):\n    return 1\n", "'a' is not accessed"),
        ("def f(\n    import ‸os\n", "'os' imported but unused"),
        ("import re\nimport ‸os\n", "'re' imported but unused"),
    ],
)
def test_in_doubt_the_model_is_asked(text: str, message: str) -> None:
    assert fixed(text, message) is None


def test_what_a_package_offers_stays() -> None:
    assert fixed("import ‸os\n", "'os' imported but unused", "file:///a/__init__.py") is None


def test_the_model_is_not_asked_for_what_is_known() -> None:
    text = "import ‸os\n\n\nprint(1)\n"
    selection, _ = at("python", text, (Problem(0, 9, "'os' imported but unused"),))
    (offer,) = offers(selection, {Kind.FIX})

    def script(prompt: tuple[int, ...]) -> list[list[int]]:
        raise AssertionError("the model is asked")

    tokenizer = CharTokenizer()
    prompts = ChatPrompts("{{ messages }}", tokenizer)  # type: ignore[arg-type]
    actions = Actions(Generator(ScriptedEngine(script), tokenizer, prompts, frozenset()))
    done = actions.run(offer, selection.snapshot, CancelToken())
    assert (done.num_attempts, len(done.edits), done.refusal) == (0, 1, "")
