"""Attempts, checks and repair, with a scripted model."""

from __future__ import annotations

import pytest

from fimble.checks.finding import Finding, Kind
from fimble.engine.base import CancelToken
from fimble.engine.fake import ScriptedEngine
from fimble.errors import EngineCancelled, PromptTooLong
from fimble.features.generation.generator import MAX_ATTEMPTS, Generated, Generator, Task
from fimble.features.generation.steps import finish
from fimble.features.generation.turn import Turn
from fimble.prompt.chat import ChatPrompts, Message, Role
from tests.unit.cursor_mark import CharTokenizer

END = 0x10FFFF
TEMPLATE = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]"


class Tokenizer(CharTokenizer):
    def encode_marked(self, text: str) -> list[int]:
        return self.encode(text)


TOKENIZER = Tokenizer()


def no_bad(code: str) -> tuple[Finding, ...]:
    return (Finding(Kind.NAME, 1, "undefined name 'bad'"),) if "bad" in code else ()


def run(
    *answers: str, task: Task | None = None, max_attempts: int = MAX_ATTEMPTS, context_length: int = 4096
) -> tuple[Generated, list[str], list[str]]:
    """With a model that says ``answers`` in turn: what came of it, the prompts, and what was seen while it streamed."""
    waiting = list(answers)
    engine = ScriptedEngine(lambda _: [[*TOKENIZER.encode(waiting.pop(0)), END]], context_length=context_length)
    generator = Generator(engine, TOKENIZER, ChatPrompts(TEMPLATE, TOKENIZER), frozenset({END}))
    seen: list[str] = []
    asked = task or Task((Message(Role.USER, "go"),), no_bad, start="```py\n")
    done = generator.generate(asked, CancelToken(), seen.append, max_attempts)
    return done, [TOKENIZER.decode(request.prompt) for request in engine.requests], seen


def test_a_first_answer_that_holds_up_is_the_last() -> None:
    done, prompts, seen = run("x = 1\n```\nThat is it.")
    assert (done.best.code, len(done.attempts), done.is_sound) == ("x = 1\n", 1, True)
    assert prompts == ["[user]go[assistant]```py\n"]
    assert seen[-1] == "```py\nx = 1\n```", "what follows the code is not even written"


def test_a_failed_check_leads_to_others_and_then_to_a_repair_that_is_told_what_is_wrong() -> None:
    done, prompts, _ = run("bad 1\n```", "bad 2\n```", "bad 3\n```", "good\n```")
    assert (done.best.code, len(done.attempts), done.is_sound) == ("good\n", MAX_ATTEMPTS, True)
    assert prompts[0] == prompts[1] == prompts[2]
    assert "bad 1" in prompts[3] and "undefined name 'bad'" in prompts[3]
    done, prompts, _ = run("bad\n```", "good\n```")
    assert (done.best.code, len(prompts)) == ("good\n", 2)


def test_where_nothing_holds_up_nothing_is_called_sound() -> None:
    done, _, _ = run("bad\n```", "bad bad\n```", "bad\n```", "bad\n```")
    assert not done.is_sound and done.best.code == "bad\n" and done.best.num_fatal == 1
    done, _, _ = run("", "", "", "")
    assert not done.is_sound and done.best.code == ""


def test_fewer_attempts_when_told_so() -> None:
    done, prompts, _ = run("bad\n```", max_attempts=1)
    assert not done.is_sound and len(prompts) == 1


def test_warnings_are_given_along_but_keep_nothing_back() -> None:
    warn = Task((Message(Role.USER, "go"),), lambda _: (Finding(Kind.SECURITY, 1, "careful"),), start="```\n")
    done, prompts, _ = run("x\n```", task=warn)
    assert done.is_sound and done.best.findings and len(prompts) == 1


def test_what_can_be_mended_without_the_model_is() -> None:
    mended = Task((Message(Role.USER, "go"),), no_bad, start="```\n", mend=lambda code: code.replace("bad", "fine"))
    done, prompts, _ = run("bad\n```", task=mended)
    assert (done.best.code, len(prompts)) == ("fine\n", 1)


def test_an_instruction_that_does_not_fit_is_refused_with_what_to_do() -> None:
    long = Task((Message(Role.USER, "x" * 20_000),), no_bad)
    with pytest.raises(PromptTooLong) as error:
        run("x", task=long, context_length=4096)
    assert error.value.hint


def test_cancelling_ends_it() -> None:
    engine = ScriptedEngine(lambda _: [TOKENIZER.encode("x" * 100)])
    generator = Generator(engine, TOKENIZER, ChatPrompts(TEMPLATE, TOKENIZER), frozenset({END}))
    cancel = CancelToken()
    with pytest.raises(EngineCancelled):
        generator.generate(Task((Message(Role.USER, "go"),), no_bad), cancel, lambda text: cancel.cancel())


def test_it_gives_way_to_others_and_goes_on_where_it_was() -> None:
    answer = "x = 1\ny = 2\n```"

    def script(prompt: tuple[int, ...]) -> list[list[int]]:
        said = TOKENIZER.decode(prompt).partition("```py\n")[2]
        return [[*TOKENIZER.encode(answer.removeprefix(said)), END]]

    engine = ScriptedEngine(script)
    generator = Generator(engine, TOKENIZER, ChatPrompts(TEMPLATE, TOKENIZER), frozenset({END}))
    turn, seen, num_breaks = Turn(), list[str](), 0

    def see(text: str) -> None:
        seen.append(text)
        if text.endswith(("= 1", "y")):
            turn.give_way()

    steps = generator.steps(Task((Message(Role.USER, "go"),), no_bad, start="```py\n"), turn, see)
    while True:
        turn.begin()
        try:
            if (job := next(steps)) is not None:
                job()
                continue
            num_breaks += 1
        except StopIteration as end:
            assert end.value.best.code == "x = 1\ny = 2\n"
            assert end.value.num_generated_tokens == len(answer)
            break
    assert num_breaks == 2 and len(engine.requests) == 3
    assert seen == sorted(seen, key=len), "what was seen is never taken back"
    turn.begin()
    turn.cancel.cancel()
    with pytest.raises(EngineCancelled):
        finish(generator.steps(Task((Message(Role.USER, "go"),), no_bad), turn))


def test_a_repair_that_does_not_fit_costs_nothing_of_what_is_there() -> None:
    long = Task(
        (Message(Role.USER, "x" * 4000),), lambda _: (Finding(Kind.EXAMPLE, 1, "f(1) should be 2"),), start="```\n"
    )
    done, prompts, _ = run(*["fine\n```"] * 3, task=long, context_length=4100)
    assert done.is_sound and done.best.code == "fine\n" and len(prompts) == 3


def test_what_is_no_code_is_not_called_so_when_it_is_asked_for_again() -> None:
    task = Task(
        (Message(Role.USER, "go"),), no_bad, start="- Line 1", cut=str, is_over=lambda _: False, again="Once more."
    )
    _, prompts, _ = run("bad", "bad", "bad", "good", task=task)
    assert "```" not in prompts[3] and prompts[3].endswith("Once more.[assistant]- Line 1")
