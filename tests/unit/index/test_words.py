"""Words to search by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from fimble.index.words import MAX_WORD_CHARS, split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("getURL", "get url geturl"),
        ("get_url", "get url geturl"),
        ("HTTPServer2.getURL", "http server 2 httpserver2 get url geturl"),
        ("__init__", "init"),
        ("sha256", "sha 256 sha256"),
        ("retries uploads uploading", "retri upload upload"),
        ("the retry", "the retri"),
        ("重试上传", "重 试 上 传 重试 试上 上传"),
        ("在upload里", "在 upload 里"),
        ("Größe café_crème", "größe café crème cafécrème"),
        ("a-b + c!", "a b c"),
        ("😀 \ud83d \0", ""),
        ("", ""),
    ],
)
def test_text_is_split_into_words(text: str, expected: str) -> None:
    assert split(text) == expected.split()


def test_data_is_no_word_but_a_long_run_of_chinese_is_many() -> None:
    assert split("x" * (MAX_WORD_CHARS + 1) + " y") == ["y"]
    assert len(split("上" * 1000)) == 1999


def test_threads_do_not_mix_up_their_words() -> None:
    words = [f"{one}ing{'x' * number}ies" for number in range(40) for one in ("upload", "search", "retry")]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(split, words * 5))
    assert found[: len(words)] * 5 == found
