"""Bytes of a stream, cut anywhere, to pieces of an answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.remote.wire import Delta, Events, Said, message_in, read_event, read_object, shown
from fimble.errors import EndpointError, EndpointGarbled

NAMES = (
    "choices",
    "text",
    "delta",
    "content",
    "logprobs",
    "tokens",
    "token_logprobs",
    "finish_reason",
    "error",
    "code",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inside, max_size=4),
)


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=6), st.sampled_from(["\n", "\r\n"]), st.data()
)
def test_events_do_not_depend_on_where_the_bytes_are_cut(texts: list[str], end: str, data: st.DataObject) -> None:
    said = [json.dumps(text, ensure_ascii=False) for text in texts]
    whole = "".join(f": ping{end}data: {one}{end}{end}" for one in said).encode()
    events, found = Events(), list[str]()
    while whole:
        at = data.draw(st.integers(1, len(whole)))
        found += events.feed(whole[:at])
        whole = whole[at:]
    assert [*found, *events.end()] == said


def test_the_last_event_needs_no_line_break() -> None:
    events = Events()
    assert [*events.feed(b"data: a\ndata:b"), *events.end()] == ["a", "b"]


def test_data_without_any_keeps_the_connection_alive() -> None:
    assert [*Events().feed(b"data:\n\ndata: \n\nevent: ping\n\n: ping\n\ndata: a\n\n")] == ["a"]


@given(JSON)
def test_whatever_is_said_is_read_or_refused(event: object) -> None:
    try:
        delta = read_object(event)
    except EndpointError:
        return
    assert all(said.logprob <= 0 for said in delta.said)


@given(st.text())
def test_whatever_is_no_json_is_refused(data: str) -> None:
    try:
        read_event(data)
    except EndpointError as error:
        assert len(error.what) < 300 and error.what.isprintable()


def test_tokens_that_do_not_make_up_the_text_are_one() -> None:
    logprobs = {"tokens": ["\ufffd", "\ufffd"], "token_logprobs": [-1.0, -0.5]}
    assert read_object({"choices": [{"text": "é", "logprobs": logprobs}]}) == Delta((Said("é", -1.5),))


@pytest.mark.parametrize(
    ("finish", "delta"),
    [
        ("", Delta((Said("x", 0.0),))),
        ("stop_sequence", Delta((Said("x", 0.0),), "stop")),
        ("eos_token", Delta((), "stop")),
        ("length", Delta((Said("x", 0.0),), "length")),
    ],
)
def test_the_ends_of_tgi(finish: str, delta: Delta) -> None:
    event = {"choices": [{"index": 0, "text": "x", "logprobs": None, "finish_reason": finish}]}
    assert read_object(event) == delta


def test_usage_at_the_end_says_nothing() -> None:
    assert read_object({"choices": [], "usage": {"total_tokens": 3}}) == Delta()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "no such model", "code": 404}}', "no such model"),
        (b'{"error": "no such model"}', "no such model"),
        (b'{"detail": [{"msg": "bad"}]}', '[{"msg": "bad"}]'),
        (b'{"object": "error", "message": "too\\nlong"}', "too long"),
        (b"<html><body>502</body></html>", ""),
        (b"oops", "oops"),
        (b"", ""),
        (b"\xff\x00", "\ufffd?"),
    ],
)
def test_what_an_error_says(body: bytes, said: str) -> None:
    assert message_in(body.decode(errors="replace")) == said


def test_a_stranger_is_cut_short() -> None:
    assert shown("x" * 1000) == "x" * 199 + "…"
    assert shown("a\x1b[31m\tb\n") == "a?[31m b"


def test_what_goes_on_and_on_is_refused() -> None:
    events = Events()
    with pytest.raises(EndpointGarbled, match="does not end"):
        for _ in range(100):
            list(events.feed(b"x" * (1 << 18)))
