"""However often a download breaks, and wherever, the file that comes out is the file that was meant."""

from __future__ import annotations

import hashlib
import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.errors import DownloadFailed
from fimble.weights import http, partial
from fimble.weights.entry import SourceFile
from tests.unit.weights.file_server import serving

CONTENT = random.Random(3).randbytes(300_000)
FILE = SourceFile("model.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@settings(max_examples=40, deadline=None)
@given(
    kept_bytes=st.integers(0, len(CONTENT)),
    breaks=st.lists(st.integers(0, len(CONTENT)), max_size=5),
    statuses=st.lists(st.sampled_from([200, 500, 503]), max_size=3),
    knows_ranges=st.booleans(),
    states_length=st.booleans(),
)
def test_any_run_of_breaks_ends_in_the_same_bytes_or_an_error_that_loses_nothing(
    kept_bytes: int, breaks: list[int], statuses: list[int], knows_ranges: bool, states_length: bool
) -> None:
    pause_s, http.PAUSE_S = http.PAUSE_S, 0.0
    try:
        with tempfile.TemporaryDirectory() as name, serving() as server:
            folder = Path(name)
            partial.partial_path(folder, FILE).write_bytes(CONTENT[:kept_bytes])
            server.files["/model.gguf"] = CONTENT
            server.break_after_bytes, server.statuses = list(breaks), list(statuses)
            server.knows_ranges, server.states_length = knows_ranges, states_length
            for _ in range(len(breaks) + len(statuses) + 1):
                with partial.opened(folder, FILE) as arriving:
                    try:
                        http.fetch(f"{server.url}/model.gguf", arriving, lambda _: None)
                    except DownloadFailed:
                        continue
                    assert arriving.finish().read_bytes() == CONTENT
                    return
            raise AssertionError("it never arrived")
    finally:
        http.PAUSE_S = pause_s
