"""Examples become what the model is asked when it is served, and steps take each of them once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fimble.errors import NothingToLearn, TrainingError
from fimble.prompt.templates import FAMILIES
from fimble.text import Cursor, Snapshot
from fimble.training.base import open_base
from fimble.training.batches import Vocabulary, family_of, lesson_of, lessons_of, pieces_of, steps_of, vocabulary_of
from fimble.training.lessons import Lesson, fingerprint
from fimble.training.records import Example, Kind, Split
from tests.unit.training import taught

HOLE = Example(
    kind=Kind.FIM,
    split=Split.TRAIN,
    path="a.py",
    language="python",
    cut="line",
    prefix="import os\n\n\ndef folder() -> str:\n    ",
    suffix="\n\n\ndef other() -> int:\n    return 1\n",
    middle="return os.getcwd()",
)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    folder = tmp_path_factory.mktemp("words")
    return vocabulary_of(open_base(taught.source(folder)).checkpoint, folder)


def shown(lesson: Lesson, words: Vocabulary) -> str:
    """The tokens with the control tokens in them."""
    ids = lesson.tokens.tolist()
    names = {words.tokenizer.token_id(name): name for name in ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")}
    names[words.end] = "<|endoftext|>"
    return "".join(names.get(token) or words.tokenizer.decode([token]) for token in ids)


def lesson(example: Example, words: Vocabulary, max_tokens: int = 256, lead: bool = False) -> Lesson:
    found = lesson_of(example, words, max_tokens, 0.25, lead)
    assert found is not None
    return found


def test_a_hole_is_shown_as_the_family_asks_for_it(words: Vocabulary) -> None:
    expected = f"<|fim_prefix|>{HOLE.prefix}<|fim_suffix|>{HOLE.suffix}<|fim_middle|>{HOLE.middle}<|endoftext|>"
    assert shown(lesson(HOLE, words), words) == expected


def test_the_middle_counts_in_full_its_surroundings_less_and_control_tokens_not_at_all(words: Vocabulary) -> None:
    found = lesson(HOLE, words)
    marks = {words.tokenizer.token_id(f"<|fim_{name}|>") for name in ("prefix", "suffix", "middle")}
    middle = len(words.tokenizer.encode(HOLE.middle)) + 1
    assert found.num_judged == middle
    assert found.weights[-middle:].tolist() == [1.0] * middle
    for token, weight in zip(found.tokens[:-middle], found.weights[:-middle], strict=True):
        assert weight == (0.0 if token in marks else 0.25)


def test_with_a_lead_the_prompt_is_the_one_that_the_editor_sends(words: Vocabulary) -> None:
    """``PromptBuilder`` is what serving uses."""
    text = HOLE.prefix + HOLE.suffix
    cursor = Cursor(Snapshot("file:///a.py", "python", 1, text), len(HOLE.prefix))
    anchor = words.prompts.anchor(cursor, 256)
    served = words.prompts.prompt(anchor, text[anchor.end : cursor.offset])
    found = lesson(HOLE, words, lead=True)
    assert found.tokens[: len(served.tokens)].tolist() == list(served.tokens)
    answer = found.tokens[len(served.tokens) : -1].tolist()
    assert words.tokenizer.decode(answer) == served.required + HOLE.middle
    assert found.tokens[-1] == words.end


def test_the_middle_is_kept_whole_and_what_is_near_it_stays(words: Vocabulary) -> None:
    long = replace(HOLE, prefix="# far\n" * 500 + "near_before = 1\n", suffix="\nnear_after = 2\n" + "# far\n" * 500)
    found = lesson(long, words, max_tokens=160)
    text = shown(found, words)
    assert len(found.tokens) == 160
    assert "near_before = 1\n<|fim_suffix|>\nnear_after = 2\n" in text
    assert text.endswith(f"<|fim_middle|>{HOLE.middle}<|endoftext|>")
    before = text.index("<|fim_suffix|>") - len("<|fim_prefix|>")
    after = text.index("<|fim_middle|>") - text.index("<|fim_suffix|>") - len("<|fim_suffix|>")
    assert before > 1.5 * after > 0


def test_a_short_prefix_leaves_its_room_to_the_suffix(words: Vocabulary) -> None:
    found = lesson(replace(HOLE, prefix="x = 1\n", suffix="# far\n" * 500), words, max_tokens=128)
    assert len(found.tokens) == 128


def test_a_middle_that_fits_no_window_is_left_out(words: Vocabulary) -> None:
    assert lesson_of(replace(HOLE, middle="value = 1\n" * 200), words, 128) is None


def test_marks_in_the_text_stay_plain_characters(words: Vocabulary) -> None:
    found = lesson(replace(HOLE, middle='mark = "<|fim_middle|>"'), words)
    assert found.tokens.tolist().count(words.tokenizer.token_id("<|fim_middle|>")) == 1


def test_lone_surrogates_and_empty_surroundings_do_no_harm(words: Vocabulary) -> None:
    assert lesson(replace(HOLE, prefix="", suffix=""), words).num_judged > 1
    assert lesson(replace(HOLE, prefix="\ud800", middle="\udfff"), words, lead=True).num_judged > 1


def test_windows_that_lie_over_each_other_share_the_weight_of_what_they_show(words: Vocabulary) -> None:
    settings = taught.settings(lead_share=0.0, context_weight=0.5)
    alone = lessons_of([HOLE], words, settings)[0]
    many = lessons_of([HOLE] * 10, words, settings)[0]
    assert alone.weights[1] == pytest.approx(0.5)
    assert many.weights[1] == pytest.approx(0.05)
    assert alone.weights[-1] == many.weights[-1] == 1.0


def test_an_instruction_without_a_chat_template_is_left_out(words: Vocabulary) -> None:
    assert words.chat is None
    assert lesson_of(replace(HOLE, kind=Kind.EDIT, instruction="Rename it."), words, 256) is None


def test_an_instruction_is_shown_through_the_template_and_only_the_answer_is_taught(tmp_path: Path) -> None:
    from fimble.prompt.chat import ChatPrompts

    plain = vocabulary_of(open_base(taught.source(tmp_path)).checkpoint, tmp_path)
    template = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>"
    end = plain.tokenizer.token_id("<|im_end|>")
    assert end is not None
    words = replace(plain, chat=ChatPrompts(template, plain.tokenizer), chat_end=end)
    edit = replace(HOLE, kind=Kind.EDIT, prefix="", suffix="", instruction="Say <|im_end|>.", middle="x = 1\n")
    found = lesson(edit, words)
    assert found.tokens[-1] == end
    assert words.tokenizer.decode(found.tokens[-found.num_judged : -1].tolist()) == "x = 1\n```"
    assert found.weights.tolist() == [0.0] * (len(found.tokens) - found.num_judged) + [1.0] * found.num_judged
    assert found.tokens.tolist().count(end) == 2  # the template's and the answer's, none out of the person's text


def test_a_family_is_known_by_its_marks(words: Vocabulary, tmp_path: Path) -> None:
    assert family_of(words.tokenizer) is FAMILIES["qwen2.5-coder"]

    class Markless:
        def token_id(self, token: str) -> int | None:
            return None

    with pytest.raises(TrainingError, match="knows no holes"):
        family_of(Markless())  # type: ignore[arg-type]


def lengths(*sizes: int) -> list[Lesson]:
    return [Lesson(np.arange(size, dtype=np.int32), np.ones(size, np.float32), 1) for size in sizes]


def test_every_lesson_comes_once_an_epoch_and_each_epoch_in_another_order() -> None:
    lessons = lengths(*range(2, 45))
    steps = steps_of(lessons, batch=4, num_epochs=3, seed=7)
    per_epoch = len(steps) // 3
    orders = [[place for step in steps[e * per_epoch : (e + 1) * per_epoch] for place in step] for e in range(3)]
    assert all(sorted(order) == list(range(43)) for order in orders)
    assert orders[0] != orders[1] != orders[2]
    assert steps == steps_of(lessons, batch=4, num_epochs=3, seed=7)
    assert steps != steps_of(lessons, batch=4, num_epochs=3, seed=8)


def test_little_of_a_step_is_filling() -> None:
    lessons = lengths(*np.random.default_rng(1).integers(20, 1000, 512).tolist())
    steps = steps_of(lessons, batch=8, num_epochs=1, seed=1)
    computed = 0
    for step in steps:
        for piece in pieces_of(step, lessons, 2048):
            computed += len(piece) * max(len(lessons[place].tokens) for place in piece)
    assert computed < 1.1 * sum(len(lesson.tokens) for lesson in lessons)


def test_pieces_keep_the_limit_but_take_a_long_lesson_all_the_same() -> None:
    lessons = lengths(100, 10, 30, 500, 30)
    pieces = pieces_of(range(5), lessons, 120)
    assert sorted(place for piece in pieces for place in piece) == [0, 1, 2, 3, 4]
    assert [3] in pieces
    assert all(len(p) * max(len(lessons[place].tokens) for place in p) <= 120 for p in pieces if p != [3])


def test_nothing_to_learn_is_said() -> None:
    with pytest.raises(NothingToLearn):
        steps_of([], batch=4, num_epochs=1, seed=1)


def test_a_fingerprint_is_of_everything() -> None:
    (one,) = lengths(5)
    prints = {
        fingerprint([one]),
        fingerprint([one, one]),
        fingerprint([replace(one, num_judged=2)]),
        fingerprint([replace(one, weights=one.weights * 2)]),
        fingerprint([replace(one, source=one.tokens)]),
        fingerprint([]),
    }
    assert len(prints) == 6
    assert fingerprint([one]) == fingerprint(lengths(5))
