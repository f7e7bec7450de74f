"""Searching a real index by words, by meaning and by both."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from fimble.errors import EngineError
from fimble.index.chunks import cut
from fimble.index.indexer import Encoding, Indexer
from fimble.index.reader import Reader
from fimble.index.records import Answer, Hit
from fimble.index.searcher import Searcher, telling
from fimble.index.store import Store
from fimble.index.view import Views
from fimble.index.words import split
from fimble.privacy import Privacy

CONCEPTS = ("upload send transfer deliver", "again retry repeat", "read load parse", "picture image drawing")
_CONCEPT_OF = {word: number for number, words in enumerate(CONCEPTS, 1) for word in split(words)}

SEND = "def send_again(path):\n    return path\n"
PARSE = "def parse(text):\n    return text\n"
DRAW = "def drawing(image):\n    return image\n"


def embed(text: str) -> npt.NDArray[np.float32]:
    """How often each concept stands in ``text``; the first number is the same for all. A unit vector."""
    vector = np.zeros(16, np.float32)
    vector[0] = 0.1
    for word in split(text):
        if word in _CONCEPT_OF:
            vector[_CONCEPT_OF[word]] += 1
    return vector / np.float32(np.linalg.norm(vector))


def embed_all(texts: Sequence[str]) -> npt.NDArray[np.float16]:
    return np.stack([embed(text) for text in texts]).astype(np.float16)


class Workspace:
    """A folder with its index beside it, not yet filled."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path.resolve() / "work"
        self.root.mkdir()
        self.store = Store.open(tmp_path / "index")
        self.reader = Reader(tmp_path / "index")
        self.views = Views(self.reader)
        privacy = Privacy((), [self.root])
        self.indexer = Indexer(self.root, self.store, privacy, cut, Encoding(embed_all, "concepts"))

    def write(self, path: str, text: str) -> Path:
        (self.root / path).write_text(text)
        return self.root / path

    def read_words(self) -> None:
        list(self.indexer.words())

    def read_all(self) -> None:
        self.indexer.scan()

    def by_words(self) -> Searcher:
        return Searcher(self.reader, self.views)

    def by_meaning(self, translate: Callable[[str], str] | None = None, note: str = "") -> Searcher:
        return Searcher(self.reader, self.views, embed, translate, note)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    made.write("up.py", SEND)
    made.write("text.py", PARSE)
    made.write("art.py", DRAW)
    return made


def names(answer: Answer) -> list[str]:
    return [hit.name for hit in answer.hits]


def test_by_words_only_what_shares_one_is_found(workspace: Workspace) -> None:
    workspace.read_all()
    answer = workspace.by_words().search("sendAgain the path")
    assert names(answer) == ["send_again"] and answer.notes == ()
    (hit,) = answer.hits
    assert hit.score == 1 and hit.why[0] == "its name: send, again, sendagain"
    assert (hit.path, hit.start_line, hit.end_line, hit.snippet) == ("up.py", 0, 2, SEND.rstrip())
    assert names(workspace.by_words().search("repeat deliveries")) == []


def test_meaning_finds_what_shares_no_word(workspace: Workspace) -> None:
    workspace.read_all()
    answer = workspace.by_meaning().search("repeat transfer")
    assert names(answer)[0] == "send_again"
    assert answer.hits[0].why == (f"meaning: {answer.hits[0].score:.2f}",) and answer.hits[0].score > 0.9
    assert all(0 <= hit.score <= 1 for hit in answer.hits)


def test_words_decide_between_what_means_the_same(workspace: Workspace) -> None:
    workspace.write("more.py", "def deliver_again(parcel):\n    return parcel\n")
    workspace.read_all()
    for query, first in (("transfer the path again", "send_again"), ("transfer the parcel again", "deliver_again")):
        answer = workspace.by_meaning().search(query)
        assert names(answer)[0] == first
        assert answer.hits[0].why[0].startswith("meaning: ") and len(answer.hits[0].why) > 1


def test_what_is_nearer_in_meaning_outweighs_a_word(workspace: Workspace) -> None:
    workspace.read_all()
    assert names(workspace.by_words().search("picture of a text")) == ["parse"]
    assert names(workspace.by_meaning().search("picture of a text"))[0] == "drawing"


def test_no_more_than_asked_for(workspace: Workspace) -> None:
    workspace.read_all()
    found = names(workspace.by_meaning().search("load an image"))
    assert sorted(found) == ["drawing", "parse"]
    assert names(workspace.by_meaning().search("load an image", 1)) == found[:1]


def test_what_is_far_in_meaning_is_found_by_its_words_only(workspace: Workspace) -> None:
    workspace.read_all()
    assert workspace.by_meaning().search("qwpoei zxmn").hits == ()
    assert names(workspace.by_meaning().search("qwpoei path")) == ["send_again"]


def test_without_any_vector_words_are_what_there_is(workspace: Workspace) -> None:
    workspace.read_words()
    assert workspace.views.latest().cosines(embed("x")) is None
    answer = workspace.by_meaning().search("send a picture")
    assert names(answer) == ["send_again"] and answer.hits[0].score == 1
    assert not any(why.startswith("meaning") for why in answer.hits[0].why)
    assert "by its meaning yet" in answer.notes[-1]


def test_a_chunk_without_a_vector_is_no_nearer_than_any_that_has_one(workspace: Workspace) -> None:
    workspace.read_all()
    file = workspace.write("new.py", "def retry_upload():\n    pass\n")
    workspace.indexer.update([file])
    view = workspace.views.latest()
    cosines = view.cosines(-embed("retry"))
    assert cosines is not None and len(cosines) == len(view.ids) == 4 and len(view.known) == 3
    (without,) = set(range(4)) - set(view.known.tolist())
    assert cosines[without] == cosines.min()
    answer = workspace.by_meaning().search("retry upload")
    assert "retry_upload" in names(answer), "by its words"
    assert sorted(names(answer)) == ["retry_upload", "send_again"]
    assert answer.notes == ("Only 75% can be found by its meaning yet, the rest by its words; `fimble index` goes on.",)


def test_what_was_written_since_the_view_was_read_is_found_by_words(workspace: Workspace) -> None:
    workspace.read_all()
    searcher = workspace.by_meaning()
    assert "zebra" not in names(searcher.search("zebra"))
    workspace.indexer.update([workspace.write("new.py", "def zebra(stripes):\n    return stripes\n")])
    assert "zebra" in names(searcher.search("zebra stripes"))
    list(workspace.indexer.meaning())
    deadline_s = time.monotonic() + 30
    while not (hit := _hit(searcher.search("zebra stripes"), "zebra")).why[0].startswith("meaning"):
        assert time.monotonic() < deadline_s, hit
        time.sleep(0.01)


def test_what_was_deleted_since_the_view_was_read_is_not_shown(workspace: Workspace) -> None:
    workspace.read_all()
    searcher = workspace.by_meaning()
    assert "send_again" in names(searcher.search("repeat transfer"))
    (workspace.root / "up.py").unlink()
    workspace.indexer.update([workspace.root / "up.py"])
    assert "send_again" not in names(searcher.search("repeat transfer"))


def test_a_view_is_kept_while_nothing_is_written(workspace: Workspace) -> None:
    workspace.read_all()
    first = workspace.views.latest()
    workspace.by_meaning().search("send")
    assert workspace.views.latest() is first
    assert first.ids.tolist() == sorted(first.rows) and first.matches({}).tolist() == [0, 0, 0]
    assert first.matches({int(first.ids[1]): 4.0, int(first.ids[2]): 1.0, 99_999: 8.0}).tolist() == [0, 1, 0.25]


def test_a_caller_of_what_is_meant_comes_before_what_is_as_far_from_it(workspace: Workspace) -> None:
    workspace.write("a_main.py", "def aside():\n    return 1\n")
    workspace.write("z_main.py", "from up import send_again\n\n\ndef handler():\n    return send_again(1)\n")
    workspace.read_words()
    for has_graph, found in ((True, ["send_again", "handler"]), (False, ["send_again"])):
        searcher = Searcher(workspace.reader, Views(workspace.reader, has_graph))
        assert names(searcher.search("path")) == found


def test_an_empty_workspace_has_no_answer(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.read_all()
    answer = workspace.by_meaning().search("send it again")
    assert answer == Answer((), ("The index holds nothing that can be searched.",))
    assert workspace.by_words().search("send it again") == Answer(())


def test_an_index_that_is_not_there_has_no_answer_and_says_so(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "none")
    answer = Searcher(reader, Views(reader), embed).search("send")
    assert answer.hits == () and "not indexed to its end" in answer.notes[0]


def test_a_question_in_chinese_is_put_into_english_and_told(workspace: Workspace) -> None:
    workspace.read_all()
    asked: list[str] = []

    def translate(query: str) -> str:
        asked.append(query)
        return "repeat transfer"

    answer = workspace.by_meaning(translate).search("重试上传")
    assert asked == ["重试上传"]
    assert names(answer)[0] == "send_again" and answer.notes == ("In English: repeat transfer",)


def test_the_words_of_both_languages_count(workspace: Workspace) -> None:
    workspace.write("zh.py", "def f():\n    return '重试'\n")
    workspace.read_all()
    answer = workspace.by_meaning(lambda query: "the path").search("重试")
    assert _hit(answer, "f").why[-1] == "words: 重, 试, 重试"
    assert "words: path" in " ".join(_hit(answer, "send_again").why)


def test_a_question_that_cannot_be_translated_is_searched_for_as_it_stands(workspace: Workspace) -> None:
    workspace.write("zh.py", "def f():\n    return '重试'\n")
    workspace.read_all()

    def fail(query: str) -> str:
        raise EngineError("The model is gone.")

    answer = workspace.by_meaning(fail).search("重试")
    assert answer.notes == ("The query is searched for as it stands: The model is gone.",)
    assert names(answer)[0] == "f"
    answer = workspace.by_meaning(lambda query: "").search("重试")
    assert answer.notes == () and names(answer)[0] == "f"


def test_a_question_without_a_letter_that_the_encoder_knows_is_searched_for_by_its_words(workspace: Workspace) -> None:
    workspace.write("zh.py", "def f():\n    return '重试'\n")
    workspace.read_all()

    def same(text: str) -> npt.NDArray[np.float32]:
        return np.eye(1, 16, dtype=np.float32)[0] if text.isascii() else embed("image")

    for query, found in (("重试", ["f"]), ("?!", []), ("повтор", [])):
        answer = Searcher(workspace.reader, workspace.views, same).search(query)
        assert names(answer) == found and answer.notes == (), query


def test_a_question_in_english_is_not_translated(workspace: Workspace) -> None:
    workspace.read_all()
    searcher = workspace.by_meaning(lambda query: pytest.fail(f"{query} was translated"))
    assert names(searcher.search("repeat the transfer to Köln 'ひ'"))[0] == "send_again"


def test_notes_say_what_is_missing(workspace: Workspace) -> None:
    searcher = Searcher(workspace.reader, workspace.views, note="No encoder.")
    workspace.indexer.update([workspace.root / "up.py"])
    first, second = searcher.search("send").notes
    assert first == "No encoder." and "not indexed to its end" in second
    workspace.read_all()
    assert searcher.search("send").notes == ("No encoder.",)
    assert workspace.by_meaning(note="A word.").search("send").notes[0] == "A word."


def test_words_that_tell_nothing_are_left_out() -> None:
    assert telling("Where is the file that we retry?") == ["file", "retri"]
    assert telling("retry RETRY retries") == ["retri"]
    assert telling("") == []


def test_where_only_such_words_are_asked_they_count(workspace: Workspace) -> None:
    workspace.write("who.py", "def who(what):\n    return what\n")
    workspace.read_all()
    assert telling("what is it") == ["what", "is", "it"]
    assert names(workspace.by_words().search("who is it")) == ["who"]


@pytest.mark.parametrize("query", ["", " ", "?!", "\0", '"', "* OR (", "\ud800", "x" * 5000])
def test_no_query_is_too_odd(workspace: Workspace, query: str) -> None:
    workspace.read_all()
    assert workspace.by_words().search(query) == Answer(())
    assert workspace.by_meaning().search(query) == Answer(())


def test_the_lines_that_are_shown_are_those_that_answer(workspace: Workspace) -> None:
    lines = [f"    step_{number}()" for number in range(20)]
    workspace.write("long.py", "\n".join(["def long():", *lines[:12], "    zebra()", *lines[12:], ""]))
    workspace.read_all()
    hit = _hit(workspace.by_words().search("zebra"), "long")
    assert hit.snippet_line == 8 and hit.snippet.split("\n") == [*lines[7:12], "    zebra()"]
    hit = _hit(workspace.by_words().search("step 3"), "long")
    assert hit.snippet_line == 0 and hit.snippet.startswith("def long():"), "what is near the beginning begins there"


def _hit(answer: Answer, name: str) -> Hit:
    return next(hit for hit in answer.hits if hit.name == name)


def test_vectors_of_another_encoder_are_told_and_words_found(workspace: Workspace) -> None:
    workspace.read_all()
    longer = Searcher(workspace.reader, workspace.views, lambda text: np.ones(24, np.float32))
    found = longer.search("parse the text")
    assert [hit.path for hit in found.hits][:1] == ["text.py"]
    assert any("another encoder" in note for note in found.notes)
    assert not any("another encoder" in note for note in workspace.by_meaning().search("parse the text").notes)
