from __future__ import annotations

from dataclasses import replace

from fimble.acceptance.records import Ending, Record, Surface
from fimble.acceptance.summary import Counts, by_language, count

RECORD = Record(Surface.INLINE, "python", Ending.ACCEPTED, 10, 10, 0.6, 5.0, 1.0)
RECORDS = [
    RECORD,
    replace(RECORD, kept_share=0.5),
    replace(RECORD, kept_share=None),
    replace(RECORD, ending=Ending.PARTLY, num_accepted_chars=4, kept_share=0.95),
    *(
        replace(RECORD, ending=ending, num_accepted_chars=0, kept_share=None, language="go")
        for ending in (Ending.TYPED, Ending.REJECTED, Ending.WITHDRAWN)
    ),
    replace(RECORD, surface=Surface.POPUP, language="c"),
]


def test_nothing_has_no_shares() -> None:
    assert count([]) == Counts()
    assert (Counts().accepted_share, Counts().still_there_share) == (None, None)


def test_every_ending_is_counted() -> None:
    counts = count(RECORDS[:7])
    assert counts == Counts(7, 3, 1, 1, 1, 1, 3, 2, 34)
    assert counts.accepted_share == 4 / 6
    assert counts.still_there_share == 2 / 3


def test_languages_are_told_apart_the_most_shown_first() -> None:
    counts = by_language(RECORDS, Surface.INLINE)
    assert [(language, found.shown) for language, found in counts.items()] == [("python", 4), ("go", 3)]
    assert list(by_language(RECORDS, Surface.POPUP)) == ["c"]
