"""Holes are asked as the server asks, by a real engine, and judged line by line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from fimble.engine.fake import ScriptedEngine
from fimble.engine.onnx import OnnxEngine
from fimble.engine.tokenizer import Tokenizer
from fimble.errors import TrainingError
from fimble.prompt.templates import FAMILIES
from fimble.training.evaluate import Scorer, choose, digest_of, evaluate
from fimble.training.records import Example, Kind
from fimble.training.scores import Scores
from tests.unit import tiny
from tests.unit.training.judged import hole, scored

FAMILY = FAMILIES["qwen2.5-coder"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.prepared(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer(folder / "tokenizer.json")


def answering(tokenizer: Tokenizer, text: str) -> tuple[ScriptedEngine, list[tuple[int, ...]]]:
    """An engine that says ``text``, and the prompts it was given for probabilities."""
    asked: list[tuple[int, ...]] = []

    def fit(prompt: tuple[int, ...], answer: tuple[int, ...]) -> float:
        asked.append((*prompt, *answer))
        return -0.5

    return ScriptedEngine(lambda _: [tokenizer.encode(text)], fit=fit), asked


@pytest.mark.parametrize(
    ("middle", "answer", "is_exact"),
    [
        ("return a", "return a", True),
        ("return a", "return a\n\nprint(1)\n", True),  # more than the hole had is cut, as the server cuts it
        ("return a\n", "\n    return a  \nx", True),
        ("return a", "return b", False),
        ("return a", "return ab", False),
        ("if a:\n        b()\n    c()", "if a:\n        b()\n    c()\n    d()", True),
        ("if a:\n        b()\n    c()", "if a:\n    b()\n    c()", False),  # indented otherwise
        ("if a:\n        b()", "if a:", False),
        ("return a", "", False),
    ],
)
def test_an_answer_is_right_where_it_says_what_stood_there(
    tokenizer: Tokenizer, middle: str, answer: str, is_exact: bool
) -> None:
    engine, _ = answering(tokenizer, answer)
    (found,) = evaluate(engine, tokenizer, FAMILY, (), [hole(middle, prefix="def f(a):\n")])
    assert found.is_exact is is_exact
    assert (found.edit_similarity == 1.0) is is_exact
    assert found.loss == 0.5


def test_the_prompt_has_the_served_form(tokenizer: Tokenizer) -> None:
    engine, asked = answering(tokenizer, "return a")
    evaluate(engine, tokenizer, FAMILY, (), [hole(prefix="def f(a):\n    ", suffix="\nprint(f)\n")])
    marks = [tokenizer.token_id(mark) for mark in ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")]
    (request,) = engine.requests
    assert [token for token in request.prompt if token in marks] == marks
    assert "print(f)" in tokenizer.decode(request.prompt)
    assert "print" not in tokenizer.decode(request.prompt[request.prompt.index(marks[2] or -1) :])
    # the indentation's token is left out and asked for, so that it may be one with the word behind it
    assert tokenizer.decode(asked[0]).endswith("def f(a):\n    return a")
    assert asked[0][: len(request.prompt)] == request.prompt


def test_what_is_given_does_not_count_in_the_loss(tokenizer: Tokenizer) -> None:
    engine, asked = answering(tokenizer, "x")
    plain, indented = evaluate(
        engine, tokenizer, FAMILY, (), [hole("x = 1", prefix="\n"), hole("x = 1", prefix="\n" + 30 * " ")]
    )
    assert len(asked[1]) > len(asked[0])
    assert 1 <= indented.num_tokens <= plain.num_tokens


def test_text_that_does_not_fit_is_cut_around_the_hole(tokenizer: Tokenizer) -> None:
    engine, _ = answering(tokenizer, "x")
    long = "".join(f"name_{number} = {number}\n" for number in range(3000))
    evaluate(engine, tokenizer, FAMILY, (), [hole(prefix=long, suffix="\n" + long)])
    (request,) = engine.requests
    assert 300 < len(request.prompt) <= 512 + 8
    assert "name_2999" in tokenizer.decode(request.prompt)


def test_the_real_engine_s_loss_is_the_mean_over_the_hole(folder: Path, tokenizer: Tokenizer) -> None:
    engine = OnnxEngine(folder / "graph.onnx", "tiny", context_length=1024)
    items = [hole("return a", prefix="def f(a):\n"), hole("b = a + 1\n    return b", prefix="def g(a):\n")]
    heard: list[float] = []
    found = evaluate(engine, tokenizer, FAMILY, (), items, lambda one: heard.append(one.loss))
    assert heard == [one.loss for one in found]
    assert all(math.isfinite(one.loss) and 0 < one.loss < 40 for one in found)
    assert evaluate(engine, tokenizer, FAMILY, (), items) == found
    scorer = Scorer(engine, tokenizer, FAMILY, ())
    engine.slots.clear()
    assert scorer.score(items[1]).loss == pytest.approx(found[1].loss, rel=1e-4)
    engine.close()


def test_holes_are_drawn_from_all_files_and_none_twice() -> None:
    examples = [hole(f"return {number}", path="big.py") for number in range(50)]
    examples += [hole("return 1", path=f"{number}.py", prefix=f"# {number}\n") for number in range(5)]
    examples += examples[:10]
    chosen = choose(examples, 10, seed=1)
    assert len(chosen) == 10 and len({item.path for item in chosen}) == 6
    assert choose(reversed(examples), 1000, seed=1) and len(choose(examples, 1000, seed=1)) == 55
    assert choose(examples, 10, seed=1) == chosen != choose(examples, 10, seed=2)


def test_what_no_editor_would_ask_is_not_drawn() -> None:
    edit = Example(Kind.EDIT, hole().split, "a.py", "python", "commit", "", "", "x", "Do it.")
    blank, long, tall = hole("  \n"), hole("x" * 401), hole("\n".join("x" * 13))
    assert choose([edit, blank, long, tall, hole("x\n")], 10, seed=1) == [hole("x\n")]


def test_an_item_is_named_by_all_that_it_is_asked() -> None:
    items = [hole(), hole("return b"), hole(prefix="x"), hole(suffix="x")]
    assert len({digest_of(item) for item in items}) == 4
    assert digest_of(hole(path="other.py")) == digest_of(hole())


class Counting:
    """A scorer that says how often it was asked."""

    def __init__(self) -> None:
        self.num_asked = 0

    def score(self, item: Example) -> object:
        self.num_asked += 1
        return scored(answer=item.middle)


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    items, counting, heard = [hole(f"return {number}\ud800") for number in range(5)], Counting(), list[int]()
    first = Scores(tmp_path, "a" * 64).of(items[:3], lambda: counting, heard.append)  # type: ignore[arg-type, return-value]
    assert counting.num_asked == 3 and heard == [1, 2, 3]
    again = Scores(tmp_path, "a" * 64)
    assert again.num_missing(items) == 2
    assert again.of(items, lambda: counting, heard.append)[:3] == first  # type: ignore[arg-type, return-value]
    assert counting.num_asked == 5
    assert Scores(tmp_path, "b" * 64).num_missing(items) == 5


def test_a_line_that_a_kill_cut_off_costs_only_itself(tmp_path: Path) -> None:
    items, counting = [hole(f"return {number}") for number in range(4)], Counting()
    Scores(tmp_path, "a").of(items[:3], lambda: counting, lambda _: None)  # type: ignore[arg-type, return-value]
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-20])
    cut = Scores(tmp_path, "a")
    assert cut.num_missing(items) == 2
    cut.of(items, lambda: counting, lambda _: None)  # type: ignore[arg-type, return-value]
    assert Scores(tmp_path, "a").num_missing(items) == 0


def test_scores_that_cannot_be_kept_are_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="cannot be written"):
        Scores(tmp_path / "file", "a").of([hole()], lambda: Counting(), lambda _: None)  # type: ignore[arg-type, return-value]
