from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.lsp.framing import BadFrame, FrameReader, to_frame

BODY = b'{"jsonrpc":"2.0"}'
GOOD = b"Content-Length: 17\r\n\r\n" + BODY


def read(data: bytes, max_body_bytes: int = 1000) -> list[bytes | BadFrame]:
    return list(FrameReader(max_body_bytes).feed(data))


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=5), st.integers(1, 40))
def test_bodies_come_out_however_the_bytes_arrive(bodies: list[bytes], chunk_bytes: int) -> None:
    data = b"".join(b"Content-Length: %d\r\n\r\n" % len(body) + body for body in bodies)
    reader = FrameReader()
    chunks = [data[i : i + chunk_bytes] for i in range(0, len(data), chunk_bytes)]
    assert [frame for chunk in chunks for frame in reader.feed(chunk)] == bodies


def test_other_headers_are_passed_over_and_case_does_not_matter() -> None:
    assert read(b"Content-Type: x; charset=utf-8\r\ncontent-length:17\r\nX: y\r\n\r\n" + BODY) == [BODY]


@pytest.mark.parametrize(
    "bad",
    [
        b"Content-Length: seventeen\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 0\r\n\r\n",
        b"Content-Length: 99999999999999999999\r\n\r\n",
        b"Hello: you\r\n\r\n",
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x00\xff" * 4000,
        b"no header at all",
        b'Content-Length: abc\r\n\r\n{"lost": "body"}',
    ],
)
def test_a_bad_header_is_told_once_and_the_next_message_read(bad: bytes) -> None:
    problem, *rest = read(bad + GOOD + GOOD)
    assert isinstance(problem, BadFrame)
    assert rest == [BODY, BODY]


def test_a_body_that_is_too_long_is_skipped_without_being_kept() -> None:
    reader = FrameReader(max_body_bytes=100)
    (problem,) = reader.feed(b"Content-Length: 1000000\r\n\r\n")
    assert isinstance(problem, BadFrame)
    for _ in range(10):
        assert list(reader.feed(b"x" * 100_000)) == []
        assert reader.rest() == b""
    assert list(reader.feed(GOOD)) == [BODY]


def test_what_is_written_can_be_read() -> None:
    assert read(to_frame({"a": "ü\ud800"})) == [b'{"a": "\\u00fc\\ud800"}']
