from __future__ import annotations

from pathlib import Path

import pytest

from fimble.errors import IndexUnavailable
from fimble.index.places import all_places, is_too_wide, place_of, places_gone, workspace_around
from fimble.index.store import Store
from tests.unit.index.contents import split


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIMBLE_HOME", str(tmp_path / "fimble"))
    return tmp_path / "fimble"


def test_a_workspace_has_one_place_outside_of_it(tmp_path: Path, home: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "link").symlink_to("work")
    place = place_of(tmp_path / "work")
    assert place.folder.parent == home / "index" and place.root == (tmp_path / "work").resolve()
    assert place_of(tmp_path / "link") == place
    assert place_of(tmp_path / "work" / ".." / "work") == place
    assert place_of(tmp_path) != place


def test_a_place_comes_and_goes(tmp_path: Path, home: Path) -> None:
    (tmp_path / "work").mkdir()
    place = place_of(tmp_path / "work")
    assert place.num_bytes == 0 and all_places() == []
    place.begin()
    Store.open(place.folder, split=split).close()
    assert place.is_there and place.num_bytes > 4096
    assert all_places() == [place]
    place.remove()
    place.remove()
    assert place.num_bytes == 0 and not place.folder.exists() and all_places() == []


def test_a_folder_that_is_not_there_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match="not a folder"):
        place_of(tmp_path / "none").begin()


def test_one_process_writes(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    with place.locked(wait=False) as first, place.locked(wait=False) as second:
        assert first and not second
    with place.locked(wait=True) as third:
        assert third


def test_the_home_folder_and_what_holds_it_are_too_wide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home" / "me" / "work").mkdir(parents=True)
    (tmp_path / "alias").symlink_to(tmp_path / "home" / "me")
    monkeypatch.setenv("HOME", str(tmp_path / "alias"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "alias"))
    assert all(map(is_too_wide, (tmp_path / "home" / "me", tmp_path / "alias", tmp_path / "home", Path("/"))))
    assert not is_too_wide(tmp_path / "home" / "me" / "work")


def test_links_in_a_circle_and_names_too_long_are_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(IndexUnavailable, match="circle"):
        place_of(tmp_path / "circle").begin()
    assert not is_too_wide(tmp_path / "circle")
    with pytest.raises(IndexUnavailable, match="a" * 300):
        place_of(tmp_path / ("a" * 300)).begin()


def test_indexes_whose_workspace_is_gone(tmp_path: Path) -> None:
    places = []
    for name in ("b", "a", "here"):
        (tmp_path / name).mkdir()
        places.append(place_of(tmp_path / name))
        places[-1].begin()
    for name in ("a", "b"):
        (tmp_path / name).rmdir()
    (tmp_path / "b").write_text("a file by now")
    assert places_gone() == [places[1], places[0]]


def test_the_workspace_around_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "work" / "src" / "deep"
    inner.mkdir(parents=True)
    assert workspace_around(inner) == inner
    (tmp_path / "work" / ".git").mkdir()
    assert workspace_around(inner) == workspace_around(tmp_path / "work") == tmp_path / "work"
    monkeypatch.setenv("HOME", str(tmp_path / "work"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "work"))
    assert workspace_around(inner) == inner, "a home folder may be a repository, too"
