"""Runs one program that a model wrote, inside the process that ``execution`` starts for it; imports nothing of fimble.

Limits of the system on time and memory, no file larger than nothing, and an audit hook that
refuses what a function under test has no business with: reading beyond Python's own files and
the program's folder, writing or deleting files, other processes, the network, native code. What
no audit event tells of is taken out of the modules. That stops accidents, which is what models
produce; it is no wall against an attacker.
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
_UNHEARD = ("eventfd", "fork", "forkpty", "memfd_create", "mkfifo", "mknod", "nice", "pidfd_open", "setpgid", "setsid")
"""Functions of ``os`` that make something without an audit event."""
_NO_MODULES = ("_ctypes", "_multiprocessing", "_posixshmem", "_posixsubprocess", "_socket", "fcntl", "mmap", "pty")
_READS = ("glob.glob", "os.listdir", "os.scandir", "os.walk", "open")
_DEVICES = ("/dev/null", "/dev/random", "/dev/urandom", "/dev/zero")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(_REFUSED):
        raise PermissionError(f"{event} is refused")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES:
        raise PermissionError("writing is refused")
    if event in _READS and isinstance(arguments[0], str | bytes) and not _is_readable(os.fsdecode(arguments[0])):
        raise PermissionError("reading is refused")


def _is_readable(path: str) -> bool:
    """Whether ``path`` lies in the program's folder or in Python's own."""
    real = os.path.realpath(path)
    return real in _DEVICES or any(real == root or real.startswith(root + os.sep) for root in _ROOTS)


_ROOTS = tuple(os.path.realpath(root) for root in (os.getcwd(), *sys.path[1:], sys.prefix, sys.base_prefix) if root)  # noqa: PTH109


def _main(program: str, seconds: int, num_bytes: int) -> None:
    with open(program, encoding="utf-8") as file:  # noqa: PTH123 (pathlib takes longer to import than to read)
        source = file.read()
    code = compile(source, "program", "exec")
    for kind, limit in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, num_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(kind, (limit, limit))
    for name in _UNHEARD:
        for module in (os, sys.modules[os.name]):
            vars(module).pop(name, None)
    for name in _NO_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    sys.addaudithook(_refuse)
    exec(code, {"__name__": "__main__"})
    sys.stdout.flush()
    os._exit(PASSED)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
