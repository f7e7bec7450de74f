"""An engine over HTTP keeps the promises of every engine, however the endpoint behaves."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from fimble.engine.base import CancelToken, Finish, GenerateRequest, Sampling
from fimble.engine.remote.address import address_of
from fimble.engine.remote.engine import RemoteEngine, RemoteGeneration
from fimble.engine.remote.line import Line
from fimble.engine.remote.pieces import Mark, Pieces
from fimble.errors import (
    AdapterInvalid,
    EndpointBusy,
    EndpointGarbled,
    EndpointRefused,
    EndpointSilent,
    EndpointUnreachable,
    EngineCancelled,
    EngineError,
    FimbleError,
    PromptTooLong,
)
from fimble.prompt.dialect import Dialect
from tests.endpoint import BEGIN, DONE, Asked, Endpoint, Script, answer, event, raw, silent, sound_trial, stream, whole

PIECES = Pieces()
PROMPT = (Mark.PREFIX.id, *PIECES.encode("def f():\n"), Mark.SUFFIX.id, *PIECES.encode("\nend"), Mark.MIDDLE.id)


@contextmanager
def engine_at(endpoint: Endpoint, timeout_s: float = 20.0, family: str = "", key: str = "") -> Iterator[RemoteEngine]:
    line = Line(address_of(endpoint.url, timeout_s=timeout_s), "", lambda: key)
    line.open()
    engine = RemoteEngine(line, Dialect(family), 4096)
    try:
        yield engine
    finally:
        engine.close()


def text_of(engine: RemoteEngine, max_tokens: int = 40, **options: Any) -> str:
    """What a request comes to."""
    return read(engine.generate(GenerateRequest(PROMPT, max_tokens, **options)))


def read(generation: RemoteGeneration) -> str:
    return PIECES.decode([token.id for token in generation])


def failure_of(script: Script, timeout_s: float = 20.0, key: str = "") -> FimbleError:
    """How a request fails."""
    with Endpoint(script) as endpoint, engine_at(endpoint, timeout_s, key=key) as engine:
        with pytest.raises(FimbleError) as caught:
            text_of(engine)
        return caught.value


def test_what_is_asked_and_what_is_answered() -> None:
    with Endpoint(stream("ret", "urn 1", "\n")) as endpoint, engine_at(endpoint, key="k3y") as engine:
        generation = engine.generate(GenerateRequest(PROMPT, 40))
        assert read(generation) == "return 1\n"
        (asked,) = endpoint.answers
        stats = generation.stats
    assert (asked.method, asked.path) == ("POST", "/v1/completions")
    assert asked.headers["authorization"] == "Bearer k3y"
    assert asked.body == {
        "model": "qwen2.5-coder-7b",
        "prompt": "<|fim_prefix|>def f():\n<|fim_suffix|>\nend<|fim_middle|>",
        "max_tokens": 40,
        "stream": True,
        "logprobs": 1,
        "temperature": 0.0,
        "stop": ["<|endoftext|>", "<|im_end|>", "<|fim_prefix|>", "<|fim_suffix|>"],
    }
    assert stats.finishes == {0: Finish.STOP_TOKEN}
    assert stats.num_generated_tokens == 4
    assert engine.info.model == "qwen2.5-coder-7b"
    assert engine.info.provider == f"127.0.0.1:{endpoint.port}"
    assert engine.info.is_remote


def test_without_a_key_none_is_sent() -> None:
    with Endpoint() as endpoint, engine_at(endpoint) as engine:
        text_of(engine)
        assert [asked for asked in endpoint.asked if "authorization" in asked.headers] == []


def test_prefilling_alone_asks_for_nothing() -> None:
    with Endpoint() as endpoint, engine_at(endpoint) as engine:
        generation = engine.generate(GenerateRequest(PROMPT, 0))
        assert read(generation) == ""
        assert endpoint.answers == []
        assert generation.stats.num_reused_tokens == generation.stats.num_prompt_tokens
        assert engine.num_cached_tokens(PROMPT) == len(PROMPT)


def test_the_caller_has_enough_and_the_connection_is_closed() -> None:
    with Endpoint(stream("a = 1", "\n", "b = 2", then_hang=True)) as endpoint, engine_at(endpoint) as engine:
        generation = engine.generate(GenerateRequest(PROMPT, 40, stop=lambda ids: "\n" in PIECES.decode(ids)))
        assert read(generation) == "a = 1\n"
        assert generation.stats.finishes == {0: Finish.STOP_PREDICATE}
        endpoint.wait(endpoint.answers[0].gone.is_set)


def test_an_endless_answer_is_as_long_as_was_asked_for() -> None:
    async def endless(asked: Asked) -> AsyncIterator[bytes]:
        yield BEGIN
        while True:
            yield event(" word")

    with Endpoint(endless) as endpoint, engine_at(endpoint) as engine:
        generation = engine.generate(GenerateRequest(PROMPT, 12))
        assert read(generation) == " word" * 12
        assert generation.stats.finishes == {0: Finish.LENGTH}
        endpoint.wait(endpoint.answers[0].gone.is_set)


def test_an_answer_that_is_cut_off_there_was_not_whole() -> None:
    with Endpoint(stream("a", finish="length")) as endpoint, engine_at(endpoint) as engine:
        generation = engine.generate(GenerateRequest(PROMPT, 40))
        assert read(generation) == "a"
        assert generation.stats.finishes == {0: Finish.LENGTH}


def test_bytes_come_cut_anywhere() -> None:
    data = BEGIN + event("größe = '日本'") + b": still here\r\n\r\n" + event(" 😀\n", "stop") + DONE
    parts = [data[at : at + 1] for at in range(len(data))]
    with Endpoint(raw(*parts)) as endpoint, engine_at(endpoint) as engine:
        assert text_of(engine) == "größe = '日本' 😀\n"


def test_control_tokens_that_are_written_out_end_the_answer() -> None:
    with Endpoint(stream("x = 1<|", "fim_p", "ad|>junk")) as endpoint, engine_at(endpoint) as engine:
        generation = engine.generate(GenerateRequest(PROMPT, 40))
        assert read(generation) == "x = 1"
        assert generation.stats.finishes == {0: Finish.STOP_TOKEN}


def test_what_only_begins_like_a_control_token_is_text() -> None:
    with Endpoint(stream("a <|", " b", " <")) as endpoint, engine_at(endpoint) as engine:
        assert text_of(engine) == "a <| b <"


def test_an_answer_in_one_piece() -> None:
    body = b'{"choices": [{"index": 0, "text": "pass", "finish_reason": "stop"}]}'
    script = answer(200, body, "Content-Type: application/json")
    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        assert text_of(engine) == "pass"


@pytest.mark.parametrize(
    "logprobs",
    [
        {"tokens": ["re", "turn"], "token_logprobs": [-0.5, -0.25]},
        {"content": [{"token": "re", "logprob": -0.5}, {"token": "turn", "logprob": -0.25}]},
    ],
)
def test_log_probabilities_in_both_forms(logprobs: Any) -> None:
    script = raw(BEGIN, event("return", logprobs=logprobs), DONE)
    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        tokens = list(engine.generate(GenerateRequest(PROMPT, 40)))
    assert [(PIECES.decode([token.id]), token.logprob) for token in tokens] == [("re", -0.5), ("turn", -0.25)]


@pytest.mark.parametrize("logprobs", [None, 3, {"content": "x"}, {"tokens": ["a"], "token_logprobs": [None]}])
def test_without_log_probabilities_nothing_is_held_against_an_answer(logprobs: Any) -> None:
    script = raw(BEGIN, event("return", logprobs=logprobs), DONE)
    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        assert [token.logprob for token in engine.generate(GenerateRequest(PROMPT, 40))] == [0.0]


def test_the_typed_half_of_a_word_is_left_to_the_model_first() -> None:
    with Endpoint(stream("return", " 1")) as endpoint, engine_at(endpoint) as engine:
        assert text_of(engine, constraint=PIECES.begins_with("ret")) == "return 1"
        assert [asked.body["prompt"][-14:] for asked in endpoint.answers] == ["<|fim_middle|>"]


@pytest.mark.parametrize("first", [("pass",), ("re",), ("",), ("r", "aise X")])
def test_where_it_begins_otherwise_the_half_word_goes_into_the_prompt(first: tuple[str, ...]) -> None:
    async def script(asked: Asked) -> AsyncIterator[bytes]:
        is_begun = asked.body["prompt"].endswith("<|fim_middle|>ret")
        async for data in stream(*(("urn", " 1") if is_begun else first))(asked):
            yield data

    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        assert text_of(engine, constraint=PIECES.begins_with("ret")) == "return 1"
        assert len(endpoint.answers) == 2


def test_llama_server_is_told_what_the_answer_begins_with() -> None:
    models = b'{"data": [{"id": "/m/qwen.gguf", "owned_by": "llamacpp", "meta": {"n_ctx": 2048}}]}'

    async def trial(asked: Asked) -> AsyncIterator[bytes]:
        body = models if asked.method == "GET" else b'{"choices": [{"text": "x"}]}'
        yield whole(200, body, "Content-Type: application/json")

    with Endpoint(stream('ret"urn'), trial) as endpoint, engine_at(endpoint) as engine:
        assert text_of(engine, constraint=PIECES.begins_with('ret"')) == 'ret"urn'
        assert endpoint.answers[0].body["grammar"] == 'root ::= "ret\\"" [^\\x00]*'
        assert engine.info.model == "qwen"
        assert engine.info.context_length == 2048


def test_another_answer_than_the_banned_one() -> None:
    with Endpoint(stream("pass", "\n")) as endpoint, engine_at(endpoint) as engine:
        assert text_of(engine, constraint=PIECES.other_than(PIECES.encode("pass"))) == ""
        assert text_of(engine, constraint=PIECES.other_than(PIECES.encode("return"))) == "pass\n"
        assert endpoint.answers[0].body["temperature"] == 0.8


def test_candidates_come_one_after_the_other_the_greedy_one_first() -> None:
    async def script(asked: Asked) -> AsyncIterator[bytes]:
        async for data in stream(f"x = {asked.body.get('seed', 'greedy')}")(asked):
            yield data

    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        request = GenerateRequest(PROMPT, 40, num_candidates=3)
        generation = engine.generate(request)
        tokens = list(generation)
    assert [token.candidate for token in tokens] == sorted(token.candidate for token in tokens)
    texts = [PIECES.decode([one.id for one in tokens if one.candidate == number]) for number in range(3)]
    assert texts == ["x = greedy", "x = 1", "x = 2"]
    assert generation.stats.finishes == dict.fromkeys(range(3), Finish.STOP_TOKEN)


def test_chance_where_it_is_wanted() -> None:
    with Endpoint() as endpoint, engine_at(endpoint) as engine:
        text_of(engine, sampling=Sampling(0.6, 0.9, seed=7))
        body = endpoint.answers[0].body
    assert (body["temperature"], body["top_p"], body["seed"]) == (0.6, 0.9, 7)


def test_what_an_endpoint_does_not_take_is_left_out_from_then_on() -> None:
    async def script(asked: Asked) -> AsyncIterator[bytes]:
        if "logprobs" in asked.body:
            yield whole(400, b'{"error": {"message": "logprobs is not supported"}}')
            return
        async for data in stream("pass")(asked):
            yield data

    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        assert [text_of(engine), text_of(engine)] == ["pass", "pass"]
        assert ["logprobs" in asked.body for asked in endpoint.answers] == [True, False, False]
        assert engine.line.standing.error is None


def test_what_it_does_not_take_in_a_conversation_may_be_asked_elsewhere() -> None:
    async def script(asked: Asked) -> AsyncIterator[bytes]:
        if "continue_final_message" in asked.body:
            yield whole(400, b'{"error": {"message": "unknown field"}}')
            return
        async for data in stream("pass")(asked):
            yield data

    chat = (Mark.USER.id, *PIECES.encode("Hi"), Mark.ASSISTANT.id, *PIECES.encode("```\n"))
    with Endpoint(script) as endpoint, engine_at(endpoint, family="deepseek-coder") as engine:
        read(engine.generate(GenerateRequest(chat, 40)))
        read(engine.generate(GenerateRequest(chat, 40)))
        assert text_of(engine) == "pass"
        assert ["logprobs" in asked.body for asked in endpoint.answers] == [True, False, False, True]


def test_a_request_that_is_refused_says_why_and_others_are_asked() -> None:
    script = answer(400, b'{"error": {"message": "this model takes 100 tokens"}}')
    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        with pytest.raises(EndpointRefused, match="this model takes 100 tokens"):
            text_of(engine)
        assert engine.line.standing.error is not None
        assert not engine.line.standing.is_offline
        endpoint.script = stream("pass")
        assert text_of(engine) == "pass"
        assert engine.line.standing.error is None


@pytest.mark.parametrize("is_begun", [False, True])
def test_cancelling_ends_a_wait_and_closes_the_connection(is_begun: bool) -> None:
    script = stream("a", then_hang=True) if is_begun else silent()
    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        cancel = CancelToken()

        def cancel_soon() -> None:
            endpoint.wait(lambda: endpoint.answers)
            cancel.cancel()

        threading.Thread(target=cancel_soon).start()
        with pytest.raises(EngineCancelled):
            read(engine.generate(GenerateRequest(PROMPT, 40), cancel))
        endpoint.wait(endpoint.answers[0].gone.is_set)
        assert not engine.line.standing.is_offline


def test_connections_are_given_back_however_many_answers_there_were() -> None:
    with Endpoint() as endpoint, engine_at(endpoint) as engine:
        for _ in range(12):
            assert read(engine.generate(GenerateRequest(PROMPT, 40, num_candidates=3))) == "pass" * 3


def test_connections_are_given_back_whenever_a_request_is_cancelled() -> None:
    script = raw(BEGIN, 0.002, event("a"), 0.002, event("b"), 0.002, event("", "stop"), DONE)
    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        for number in range(60):
            cancel = CancelToken()
            timer = threading.Timer(number * 0.0002, cancel.cancel)
            timer.start()
            with suppress(EngineCancelled):
                read(engine.generate(GenerateRequest(PROMPT, 40, num_candidates=2), cancel))
            timer.join()
        assert text_of(engine) == "ab"


def test_cancelled_before_it_is_asked() -> None:
    with Endpoint() as endpoint, engine_at(endpoint) as engine:
        cancel = CancelToken()
        cancel.cancel()
        with pytest.raises(EngineCancelled):
            read(engine.generate(GenerateRequest(PROMPT, 40), cancel))
        assert endpoint.answers == []


def test_an_answer_that_nobody_reads_to_its_end_is_given_up() -> None:
    with Endpoint(stream("a", "b", then_hang=True)) as endpoint, engine_at(endpoint) as engine:
        tokens = iter(engine.generate(GenerateRequest(PROMPT, 40)))
        next(tokens)
        tokens.close()  # type: ignore[attr-defined]
        endpoint.wait(endpoint.answers[0].gone.is_set)


def test_nobody_waits_forever() -> None:
    error = failure_of(silent(), timeout_s=0.3)
    assert isinstance(error, EndpointSilent)
    assert "gave no answer within" in error.what


def test_headers_alone_are_no_answer() -> None:
    assert isinstance(failure_of(raw(BEGIN, then_hang=True), timeout_s=0.3), EndpointSilent)


def test_keeping_the_connection_alive_is_no_answer() -> None:
    pings: list[bytes | float] = [0.02, b": ping\n\n"] * 500
    assert isinstance(failure_of(raw(BEGIN, *pings), timeout_s=0.3), EndpointSilent)


def test_what_was_said_before_the_silence_counts() -> None:
    with Endpoint(stream("a = 1\n", then_hang=True)) as endpoint, engine_at(endpoint, timeout_s=2.0) as engine:
        generation = engine.generate(GenerateRequest(PROMPT, 40))
        assert read(generation) == "a = 1\n"
        assert generation.stats.finishes == {0: Finish.LENGTH}


@pytest.mark.parametrize("end", [b"", b'data: {"choices": [{"text": "b', b'data: {"choices"', b"data: \xe6"])
def test_what_was_said_before_the_connection_closed_counts(end: bytes) -> None:
    with Endpoint(raw(BEGIN, event("a"), end)) as endpoint, engine_at(endpoint) as engine:
        generation = engine.generate(GenerateRequest(PROMPT, 40))
        assert read(generation) == "a"
        assert generation.stats.finishes == {0: Finish.LENGTH}
        assert not engine.line.standing.is_offline


def test_a_connection_that_closes_at_once_is_tried_again() -> None:
    scripts = iter([raw(), raw(BEGIN), stream("pass")])

    async def script(asked: Asked) -> AsyncIterator[bytes]:
        async for data in next(scripts)(asked):
            yield data

    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        assert text_of(engine) == "pass"
        assert len(endpoint.answers) == 3


def test_a_failing_server_is_tried_again_and_then_left_alone() -> None:
    with Endpoint(answer(500, b"oops")) as endpoint, engine_at(endpoint) as engine:
        with pytest.raises(EndpointBusy, match="answers 500: oops"):
            text_of(engine)
        assert len(endpoint.answers) == 3
        with pytest.raises(EndpointBusy, match="answers 500: oops"):
            text_of(engine)
        assert len(endpoint.answers) == 3


def test_patience_is_given_where_it_is_short() -> None:
    scripts = iter([answer(429, b"", "Retry-After: 0"), stream("pass")])

    async def script(asked: Asked) -> AsyncIterator[bytes]:
        async for data in next(scripts)(asked):
            yield data

    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        assert text_of(engine) == "pass"


def test_patience_is_not_waited_for_where_it_is_long() -> None:
    with (
        Endpoint(answer(429, b'{"detail": "slow down"}', "Retry-After: 120")) as endpoint,
        engine_at(endpoint) as engine,
    ):
        with pytest.raises(EndpointBusy, match="answers 429: slow down") as caught:
            text_of(engine)
        assert caught.value.retry_after_s == 120
        assert len(endpoint.answers) == 1


def test_patience_without_a_time_is_tried_again() -> None:
    with Endpoint(answer(429)) as endpoint, engine_at(endpoint) as engine:
        with pytest.raises(EndpointBusy):
            text_of(engine)
        assert len(endpoint.answers) == 3


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_with_what_to_do(status: int) -> None:
    error = failure_of(answer(status, b"<html>no</html>"), key="wrong")
    assert isinstance(error, EndpointRefused)
    assert "refuses the key" in error.what
    assert "wants a key" in failure_of(answer(status)).what
    assert "FIMBLE_ENDPOINT_KEY" in error.hint and "keyring set fimble 127.0.0.1:" in error.hint
    assert "<html>" not in str(error)


def test_a_wrong_path_is_told_with_what_to_do() -> None:
    error = failure_of(answer(404, b'{"detail": "Not Found"}'))
    assert isinstance(error, EndpointRefused)
    assert "answers 404: Not Found" in error.what and "endpoint_model" in error.hint


def test_a_page_is_no_completion() -> None:
    error = failure_of(answer(200, b"<html>Log in</html>", "Content-Type: text/html; charset=utf-8"))
    assert isinstance(error, EndpointGarbled)
    assert "answers with text/html" in error.what


@pytest.mark.parametrize(
    "said",
    [b"{", b"[1]", b'{"choices": 3}', b'{"choices": [{"text": 7}]}', b"\xff\xfe", b"[" * 100_000, b'{"hello": 1}'],
)
def test_garbage_is_no_completion(said: bytes) -> None:
    assert isinstance(failure_of(raw(BEGIN, b"data: " + said + b"\n\n", DONE)), EndpointGarbled)
    whole_answer = answer(200, said, "Content-Type: application/json")
    assert isinstance(failure_of(whole_answer), EndpointGarbled)


def test_a_line_without_end_is_no_completion() -> None:
    assert isinstance(failure_of(raw(BEGIN, b"data: " + b"x" * (1 << 21))), EndpointGarbled)


def test_an_error_in_the_stream_is_told() -> None:
    error = failure_of(raw(BEGIN, b'data: {"error": {"message": "CUDA out of memory", "code": 500}}\n\n'))
    assert isinstance(error, EndpointBusy)
    assert "CUDA out of memory" in error.what


def test_an_error_in_the_middle_of_an_answer_ends_it_and_it_is_not_asked_for_again() -> None:
    for error in (
        b'{"error": {"message": "out of memory", "code": 500}}',
        b'{"error": {"message": "no", "code": 400}}',
    ):
        script = raw(BEGIN, event("a = "), b"data: " + error + b"\n\n", DONE)
        with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
            generation = engine.generate(GenerateRequest(PROMPT, 40))
            assert read(generation) == "a = "
            assert generation.stats.finishes == {0: Finish.LENGTH}
            assert len(endpoint.answers) == 1


def test_what_tgi_does_not_take_is_told_in_a_stream_and_stops_no_other_request() -> None:
    said = b'{"error": "Input validation error: `inputs` must have less tokens", "error_type": "validation"}'
    with Endpoint(raw(BEGIN, b"data: " + said + b"\n\n")) as endpoint, engine_at(endpoint) as engine:
        with pytest.raises(EndpointRefused, match="must have less tokens"):
            text_of(engine)
        assert not engine.line.standing.is_offline


def test_an_answer_of_tgi_is_whole_and_without_its_end_token() -> None:
    script = raw(BEGIN, event("a", ""), b":\n\n", event("</s>", "eos_token"), DONE)
    with Endpoint(script) as endpoint, engine_at(endpoint) as engine:
        generation = engine.generate(GenerateRequest(PROMPT, 40))
        assert read(generation) == "a"
        assert generation.stats.finishes == {0: Finish.STOP_TOKEN}


@pytest.mark.parametrize("key", ["s3cret-of-mine", "s3cret/of+mine"])
@pytest.mark.parametrize(
    "script",
    [
        lambda said: answer(401, said),
        lambda said: answer(400, said),
        lambda said: answer(200, said, "Content-Type: application/json"),
        lambda said: answer(200, b"x" + said, "Content-Type: application/json"),
        lambda said: raw(BEGIN, b"data: " + said + b"\n\n"),
        lambda said: raw(BEGIN, b"data: x" + said + b"\n\n"),
        lambda said: answer(307, b"", f"Location: https://s3cret-of-mine@elsewhere/{said.decode()}"),
    ],
)
def test_a_key_that_the_endpoint_says_again_is_not_told(script: Callable[[bytes], Script], key: str) -> None:
    for spelled in (key, key.replace("/", "\\/")):
        said = b'{"error": {"message": "%s%s is no key"}}' % (b"x" * 180, spelled.encode())
        error: BaseException | None = failure_of(script(said), key=key)
        while error is not None:
            assert "s3cret" not in f"{error}{error.args}"
            error = error.__cause__ or error.__context__


@pytest.mark.parametrize("listed", [b"{}", b'{"data": 7}', b'{"data": [7, {"id": 7}, {}]}', b"[]", b'{"data": []}'])
def test_a_list_of_models_that_is_none_or_empty(listed: bytes) -> None:
    async def trial(asked: Asked) -> AsyncIterator[bytes]:
        body = listed if asked.method == "GET" else b'{"choices": [{"text": "x"}]}'
        yield whole(200, body, "Content-Type: application/json")

    with Endpoint(trial=trial) as endpoint, engine_at(endpoint) as engine:
        assert engine.info.model == "a model"
        assert text_of(engine) == "pass"
        assert "model" not in endpoint.answers[0].body


def test_a_redirect_gets_neither_code_nor_key() -> None:
    with Endpoint() as elsewhere:
        script = answer(307, b"", f"Location: {elsewhere.url}/completions")
        told = f"sends on to 127.0.0.1:{elsewhere.port}, which is not followed"
        with (
            Endpoint(script) as endpoint,
            engine_at(endpoint, key="k3y") as engine,
            pytest.raises(EndpointRefused, match=told),
        ):
            text_of(engine)
        assert elsewhere.asked == []


def test_nobody_is_there() -> None:
    with Endpoint() as endpoint, engine_at(endpoint) as engine:
        endpoint.stop()
        with pytest.raises(EndpointUnreachable, match="cannot be reached"):
            text_of(engine)
        assert engine.line.standing.is_offline


def test_it_is_tried_again_by_itself_until_it_answers() -> None:
    with Endpoint() as endpoint, engine_at(endpoint) as engine:
        changes: list[bool] = []
        engine.line.standing.listen(lambda: changes.append(engine.line.standing.is_offline))
        endpoint.stop()
        for _ in range(3):
            with pytest.raises(EndpointUnreachable):
                text_of(engine)
        endpoint.start()
        endpoint.wait(lambda: not engine.line.standing.is_offline)
        assert text_of(engine) == "pass"
        assert changes == [True, False]


def test_an_endpoint_that_was_not_there_at_the_start() -> None:
    with Endpoint() as endpoint:
        endpoint.stop()
        with engine_at(endpoint) as engine:
            assert engine.line.standing.is_offline
            assert engine.info.model == "a model"
            endpoint.start()
            endpoint.wait(lambda: not engine.line.standing.is_offline)
            assert engine.info.model == "qwen2.5-coder-7b"
            assert text_of(engine) == "pass"


def test_requests_that_are_given_up_tell_of_silence_together() -> None:
    with Endpoint(silent()) as endpoint, engine_at(endpoint, timeout_s=0.4) as engine:
        endpoint.trial = silent()
        while not engine.line.standing.is_offline:
            cancel = CancelToken()
            timer = threading.Timer(0.1, cancel.cancel)
            timer.start()
            with pytest.raises((EngineCancelled, EndpointSilent)):
                read(engine.generate(GenerateRequest(PROMPT, 40), cancel))
            timer.join()
        assert isinstance(engine.line.standing.error, EndpointSilent)
        assert len(endpoint.answers) > 1


def test_requests_that_are_given_up_tell_nothing_of_an_endpoint_that_is_only_slow() -> None:
    with Endpoint(silent()) as endpoint, engine_at(endpoint, timeout_s=0.4) as engine:
        changes: list[bool] = []
        engine.line.standing.listen(lambda: changes.append(engine.line.standing.is_offline))
        num_trials = len(endpoint.asked)
        while len(endpoint.asked) - len(endpoint.answers) < num_trials + 2:
            cancel = CancelToken()
            timer = threading.Timer(0.1, cancel.cancel)
            timer.start()
            with pytest.raises(EngineCancelled):
                read(engine.generate(GenerateRequest(PROMPT, 40), cancel))
            timer.join()
        assert changes == []


def test_candidates_that_are_given_up_together_count_once() -> None:
    with Endpoint(silent()) as endpoint, engine_at(endpoint, timeout_s=1.0) as engine:
        num_trials = len(endpoint.asked)
        cancel = CancelToken()
        timer = threading.Timer(0.5, cancel.cancel)
        timer.start()
        with pytest.raises(EngineCancelled):
            read(engine.generate(GenerateRequest(PROMPT, 40, num_candidates=3), cancel))
        timer.join()
        for asked in endpoint.answers:
            endpoint.wait(asked.gone.is_set)
        assert len(endpoint.asked) - len(endpoint.answers) == num_trials
        assert not engine.line.standing.is_offline


def test_a_trial_that_fails_in_an_unforeseen_way_is_not_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fimble.engine.remote.standing.FIRST_WAIT_FOR_A_PERSON_S", 0.05)
    said = iter(["", RuntimeError("a keyring that is broken"), RuntimeError("still"), ""])

    def read_key() -> str:
        key = next(said)
        if isinstance(key, Exception):
            raise key
        return str(key)

    with Endpoint() as endpoint:
        line = Line(address_of(endpoint.url), "", read_key)
        line.open()
        assert line.standing.is_offline
        endpoint.wait(lambda: not line.standing.is_offline)
        line.close()


def test_a_new_key_is_read_when_the_old_one_was_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fimble.engine.remote.standing.FIRST_WAIT_FOR_A_PERSON_S", 0.05)
    keys = ["old"]

    def with_key(script: Script) -> Script:
        async def checked(asked: Asked) -> AsyncIterator[bytes]:
            right = asked.headers.get("authorization") == "Bearer new"
            async for data in (script if right else answer(401))(asked):
                yield data

        return checked

    with Endpoint(with_key(stream("pass")), with_key(sound_trial)) as endpoint:
        line = Line(address_of(endpoint.url), "", lambda: keys[0])
        line.open()
        assert line.standing.is_offline
        keys[0] = "new"
        endpoint.wait(lambda: not line.standing.is_offline)
        line.close()


def test_the_suffix_field() -> None:
    with Endpoint() as endpoint, engine_at(endpoint, family="suffix") as engine:
        text_of(engine)
        body = endpoint.answers[0].body
    assert (body["prompt"], body["suffix"]) == ("def f():\n", "\nend")


def test_a_conversation_is_written_out_where_the_form_is_known() -> None:
    prompt = (Mark.USER.id, *PIECES.encode("Hi"), Mark.ASSISTANT.id, *PIECES.encode("```\n"))
    with Endpoint(stream("code")) as endpoint, engine_at(endpoint) as engine:
        assert read(engine.generate(GenerateRequest(prompt, 40))) == "code"
        asked = endpoint.answers[0]
    assert asked.path == "/v1/completions"
    assert asked.body["prompt"].endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n```\n")


@pytest.mark.parametrize("texts", [("code",), ("```\n", "code"), ("``", "`\nco", "de")])
def test_a_conversation_that_the_endpoint_writes_out(texts: tuple[str, ...]) -> None:
    async def script(asked: Asked) -> AsyncIterator[bytes]:
        yield BEGIN
        for text in texts:
            yield b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"
        yield DONE

    prompt = (Mark.USER.id, *PIECES.encode("Hi"), Mark.ASSISTANT.id, *PIECES.encode("```\n"))
    with Endpoint(script) as endpoint, engine_at(endpoint, family="deepseek-coder") as engine:
        assert read(engine.generate(GenerateRequest(prompt, 40))) == "code"
        asked = endpoint.answers[0]
    assert asked.path == "/v1/chat/completions"
    assert asked.body["messages"] == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "```\n"},
    ]
    assert asked.body["continue_final_message"] is True


def test_what_an_endpoint_cannot_do() -> None:
    with Endpoint() as endpoint, engine_at(endpoint) as engine:
        with pytest.raises(PromptTooLong):
            engine.generate(GenerateRequest(PROMPT, 5000))
        with pytest.raises(EngineError, match="does not weigh"):
            engine.logprobs((1,), (2,))
        engine.use(None)
        with pytest.raises(AdapterInvalid):
            engine.use(object())  # type: ignore[arg-type]


def test_closing_ends_what_is_on_its_way() -> None:
    with Endpoint(silent()) as endpoint:
        failures: list[BaseException] = []
        with engine_at(endpoint) as engine:

            def ask() -> None:
                try:
                    text_of(engine)
                except FimbleError as error:
                    failures.append(error)

            thread = threading.Thread(target=ask)
            thread.start()
            endpoint.wait(lambda: endpoint.answers)
        thread.join(20)
        assert not thread.is_alive()
        assert len(failures) == 1
