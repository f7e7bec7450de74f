"""Where a user's daemon is met: a socket in a folder that nobody else can read, and the files beside it.

The folder lies in fimble's home, so that a home has one daemon wherever an editor was started from. The name holds
the machine's, as a home may be shared by several. A path that is too long for a socket (``sun_path`` has 108 bytes)
is replaced by one in the system's folder for such things.
"""

from __future__ import annotations

import os
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path

from fimble.errors import DaemonUnavailable

MAX_SOCKET_BYTES = 100
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Address:
    """The files of one user's daemon on this machine. Nothing of it need be there."""

    folder: Path
    name: str

    @property
    def socket(self) -> Path:
        """Where it listens, while it does."""
        return self.folder / f"{self.name}.socket"

    @property
    def life_lock(self) -> Path:
        """Locked by the daemon as long as it listens, so that there is one."""
        return self.folder / f"{self.name}.lock"

    @property
    def start_lock(self) -> Path:
        """Locked by whoever is starting a daemon."""
        return self.folder / f"{self.name}.start.lock"

    @property
    def log(self) -> Path:
        """What the daemon has to say, and how it ended."""
        return self.folder / f"{self.name}.log"


def address_of(home: Path) -> Address:
    """The address of the daemon for ``home``, an absolute path."""
    name = f"{zlib.crc32(os.uname().nodename.encode()):08x}"
    address = Address(home / "daemon", name)
    if _is_short(address):
        return address
    name = f"{zlib.crc32(os.fsencode(home)):08x}"
    address = Address(Path(os.environ.get("XDG_RUNTIME_DIR") or "/") / "fimble", name)
    if os.environ.get("XDG_RUNTIME_DIR") and address.folder.is_absolute() and _is_short(address):
        return address
    return Address(Path(f"/tmp/fimble-{os.geteuid()}"), name)


def _is_short(address: Address) -> bool:
    return len(os.fsencode(address.socket)) <= MAX_SOCKET_BYTES


def make_private(folder: Path) -> None:
    """Make ``folder`` where it is missing, and see to it that nobody else can enter it.

    Raises ``DaemonUnavailable`` where it belongs to another user, is no folder, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise DaemonUnavailable(f"{folder} is no folder.", "Remove it.")
        _refuse_foreign(found.st_uid, folder)
        if found.st_mode & _OTHERS:
            folder.chmod(0o700)
    except OSError as error:
        raise DaemonUnavailable(f"{folder} cannot be used: {error.strerror or error}.", "Check FIMBLE_HOME.") from error


def is_there(path: Path) -> bool:
    """Whether there is a socket at ``path``; raises ``DaemonUnavailable`` for one that is not this user's alone."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise DaemonUnavailable(f"{path} cannot be used: {error.strerror or error}.", "Check FIMBLE_HOME.") from error
    _refuse_foreign(found.st_uid, path)
    if not stat.S_ISSOCK(found.st_mode):
        raise DaemonUnavailable(f"{path} is no socket.", "Remove it.")
    if found.st_mode & _OTHERS:
        raise DaemonUnavailable(f"Others may connect to {path}.", "Remove it, and see who made it so.")
    return True


def _refuse_foreign(uid: int, path: Path) -> None:
    if uid != os.geteuid():
        raise DaemonUnavailable(
            f"{path} belongs to another user (number {uid}), so what is typed is not sent there.",
            "Remove it, or set FIMBLE_HOME to a folder of your own.",
        )
