"""When an endpoint is tried again, and what of it is told."""

from __future__ import annotations

import pytest

from fimble.engine.remote.standing import Standing
from fimble.engine.remote.telling import named
from fimble.errors import EndpointBusy, EndpointError, EndpointGarbled, EndpointRefused, EndpointUnreachable

GONE = EndpointUnreachable("gpu cannot be reached.")


def test_less_and_less_often() -> None:
    standing = Standing()
    assert [standing.failed(GONE) for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]
    standing.answered()
    assert standing.failed(GONE) == 1


@pytest.mark.parametrize("error", [EndpointRefused("no key"), EndpointGarbled("a page")])
def test_rarely_where_a_person_has_to_mend_it(error: EndpointError) -> None:
    standing = Standing()
    assert [standing.failed(error) for _ in range(5)] == [5, 10, 20, 40, 60]


@pytest.mark.parametrize(("asked_s", "wait_s"), [(0.0, 1.0), (90.0, 90.0), (86_400.0, 300.0)])
def test_as_long_as_it_asks_for_within_reason(asked_s: float, wait_s: float) -> None:
    assert Standing().failed(EndpointBusy("wait", retry_after_s=asked_s)) == wait_s


def test_a_request_is_not_sent_while_it_is_offline() -> None:
    standing = Standing()
    standing.refuse()
    standing.failed(GONE)
    assert standing.is_offline
    with pytest.raises(EndpointUnreachable, match="gpu cannot be reached"):
        standing.refuse()
    standing.answered()
    standing.refuse()


def test_a_request_that_is_refused_stops_no_other() -> None:
    standing = Standing()
    assert standing.failed(EndpointRefused("too long", is_of_request=True)) is None
    assert standing.error is not None and not standing.is_offline
    standing.refuse()


def test_an_outage_is_told_once_and_its_end() -> None:
    standing, told = Standing(), list[str]()
    standing.listen(lambda: told.append(str(standing.error or "")))
    standing.failed(GONE)
    standing.failed(EndpointUnreachable("gpu cannot be reached, in other words."))
    standing.failed(EndpointRefused("too long", is_of_request=True))
    standing.failed(EndpointRefused("gpu refuses the key."))
    standing.answered()
    standing.answered()
    assert told == [str(GONE), "gpu refuses the key.", ""]


def test_a_sentence_that_names_the_endpoint() -> None:
    told = named(EndpointRefused("refuses the key", "Put it in: HOST."), "gpu:8000")
    assert str(told) == "gpu:8000 refuses the key. Put it in: gpu:8000."
    assert str(named(EndpointGarbled("its answer is no JSON: {"), "gpu")).startswith(
        "gpu: its answer is no JSON: {. Is"
    )
    assert str(named(EndpointRefused("answers 404: no such model.", "Check."), "gpu")) == (
        "gpu answers 404: no such model. Check."
    )
    assert "tried again by itself" in str(named(EndpointUnreachable("cannot be reached"), "gpu"))
    busy = named(EndpointBusy("answers 429", retry_after_s=7), "gpu")
    assert isinstance(busy, EndpointBusy) and busy.retry_after_s == 7
