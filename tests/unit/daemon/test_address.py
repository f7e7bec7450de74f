from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from fimble.daemon.address import MAX_SOCKET_BYTES, address_of, is_there, make_private
from fimble.errors import DaemonUnavailable


def test_it_lies_in_the_home_and_has_the_machines_name(monkeypatch: pytest.MonkeyPatch) -> None:
    address = address_of(Path("/home/anna/.cache/fimble"))
    assert address.folder == Path("/home/anna/.cache/fimble/daemon")
    assert address == address_of(Path("/home/anna/.cache/fimble"))
    there = os.uname_result(("Linux", "another", "6", "1", "x86_64"))
    monkeypatch.setattr("os.uname", lambda: there)
    assert address_of(Path("/home/anna/.cache/fimble")).socket != address.socket


def test_where_the_path_is_too_long_for_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    long = Path("/home") / ("n" * 100)
    address = address_of(long)
    assert address.folder == Path("/run/user/1000/fimble")
    assert len(os.fsencode(address.socket)) <= MAX_SOCKET_BYTES
    assert address_of(long / "other").socket != address.socket
    for useless in ("", "relative", "/run/" + "n" * 100):
        monkeypatch.setenv("XDG_RUNTIME_DIR", useless)
        assert address_of(long).folder == Path(f"/tmp/fimble-{os.geteuid()}")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert address_of(long).folder == Path(f"/tmp/fimble-{os.geteuid()}")


def test_the_folder_is_made_private_or_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "daemon"
    make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(DaemonUnavailable):
        make_private(tmp_path / "file")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(DaemonUnavailable, match="no folder"):
        make_private(tmp_path / "link")


def test_the_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    with pytest.raises(DaemonUnavailable, match="belongs to another user"):
        make_private(tmp_path)


def test_what_may_be_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    assert not is_there(path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        path.chmod(0o600)
        assert is_there(path)
        path.chmod(0o620)
        with pytest.raises(DaemonUnavailable, match="Others may connect"):
            is_there(path)
    path.unlink()
    path.touch()
    with pytest.raises(DaemonUnavailable, match="no socket"):
        is_there(path)
