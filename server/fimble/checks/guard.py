"""Runs one program that a model wrote, inside the process that ``execution`` starts for it; imports nothing of fimble.

Limits of the system on time and memory, no file larger than nothing, and an audit hook that
refuses what a function under test has no business with: writing or deleting files, other
processes, the network, native code. That stops accidents, which is what models produce; it
is no wall against an attacker.
"""

import os
import resource
import sys

PASSED = 91
"""Exit code of a program that ran to its end; one that exits by itself has not passed."""
_REFUSED = (
    "ctypes.",
    "ftplib.",
    "http.",
    "os.chdir",
    "os.chflags",
    "os.chmod",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.kill",
    "os.link",
    "os.mkdir",
    "os.posix_spawn",
    "os.putenv",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.spawn",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.utime",
    "pty.",
    "resource.",
    "shutil.",
    "signal.",
    "socket.",
    "subprocess.",
    "urllib.",
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(_REFUSED):
        raise PermissionError(f"{event} is refused")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES:
        raise PermissionError("writing is refused")


def _main(program: str, seconds: int, num_bytes: int) -> None:
    with open(program, encoding="utf-8") as file:  # noqa: PTH123 (pathlib takes longer to import than to read)
        source = file.read()
    code = compile(source, "program", "exec")
    for kind, limit in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, num_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    sys.addaudithook(_refuse)
    exec(code, {"__name__": "__main__"})
    sys.stdout.flush()
    os._exit(PASSED)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
