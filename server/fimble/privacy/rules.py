"""Whether a file may be read at all, asked at every keystroke and before every use as context.

It fails closed: where a rule cannot be read, everything that the rule would govern is private.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from fimble.privacy.address import readings
from fimble.privacy.ignorefile import IgnoreFile, IgnoreFiles
from fimble.privacy.names import rule_for
from fimble.privacy.patterns import Patterns, entries, same_name

RECHECK_S = 0.5
"""An answer is given again without a look at the disk for this long."""
MAX_DEPTH = 128
"""Folders above a file that are looked at; a file that lies deeper is private."""
_MAX_KNOWN = 4096


class Privacy:
    """The built-in rules, ``.fimbleignore`` files and the paths that the user disabled.

    Any thread may ask. It holds no state that a person could see: make another when the
    settings or the workspace folders change.
    """

    def __init__(
        self,
        disabled_paths: Sequence[str] = (),
        roots: Sequence[Path] = (),
        clock: Callable[[], float] = time.monotonic,
        also_disabled: Sequence[Sequence[str]] = (),
    ) -> None:
        """``disabled_paths`` are patterns as in ``.gitignore`` for paths below a root and for absolute paths.

        ``also_disabled`` are more such lists, each for itself: an exception in one opens nothing that another forbids.
        """
        given = [os.path.abspath(root) for root in roots]  # noqa: PTH100 (keeps a link's own name)
        both = (_slashed(form) for root in given for form in (root, os.path.realpath(root)))
        self.roots = tuple(dict.fromkeys(root if root.endswith("/") else root + "/" for root in both))
        """The workspace folders, each as named and as resolved, with ``/`` at the end."""
        self._clock = clock
        self._known: dict[str | Path, tuple[float, str | None]] = {}
        self._ignore_files = IgnoreFiles()
        self._disabled: list[Patterns] = []
        self._problem: str | None = None
        try:
            for listed in filter(None, (disabled_paths, *also_disabled)):
                self._disabled.append(Patterns.compile([_own_pattern(pattern) for pattern in listed]))
        except ValueError as error:
            self._problem = f"The setting disabled_paths cannot be applied: {error}. Until it can, no file is read."

    def may_read(self, address: str | Path) -> bool:
        """Whether the document with this URI or path may be read, completed in, indexed and shown to the model."""
        return self.why_not(address) is None

    def why_not(self, address: str | Path) -> str | None:
        """The rule that keeps ``address`` private, as a sentence, or ``None`` where it may be read."""
        now = self._clock()
        known = self._known.get(address)
        if known and 0 <= now - known[0] < RECHECK_S:
            return known[1]
        try:
            why = self._problem or next((why for path in readings(address) if (why := self._verdict(path))), None)
        except Exception as error:  # noqa: BLE001 (a rule that fails, however it fails, must not open a file)
            why = f"The privacy rules cannot be applied to this name ({error}), so the file is not read."
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[address] = (now, why)
        return why

    def _verdict(self, path: str) -> str | None:
        if rule := rule_for(path):
            return f"The built-in rule {rule} keeps it private."
        if not os.path.isabs(path):  # noqa: PTH117
            return self._disabled_by(path)
        given = _slashed(os.path.normpath(path))
        resolved = _slashed(os.path.realpath(given))
        if resolved != given and (rule := rule_for(resolved)):
            return f"It leads to {resolved}, and the built-in rule {rule} keeps that private."
        is_folder = os.path.isdir(given)  # noqa: PTH112
        for form in dict.fromkeys((given, resolved)):
            entry = form + "/" if is_folder and not form.endswith("/") else form
            if why := self._ignored_by(entry) or self._disabled_by(entry):
                return why
        return None

    def _disabled_by(self, path: str) -> str | None:
        if not self._disabled:
            return None
        forms = [*(path[len(root) :] for root in self.roots if _is_below(path, root)), path.lstrip("/")]
        rule = next((rule for each in self._disabled for form in forms if (rule := each.forbids(form))), None)
        return f"The setting disabled_paths names it: {rule}." if rule else None

    def _ignored_by(self, path: str) -> str | None:
        """What the ``.fimbleignore`` files above ``path`` say: the nearest first, a forbidden folder for good."""
        folders = entries(path)[:-1]
        if len(folders) > MAX_DEPTH:
            return f"It lies more than {MAX_DEPTH} folders deep."
        files: list[IgnoreFile] = []
        for folder in reversed(folders):
            if file := self._ignore_files.of(folder):
                if file.patterns is None:
                    return f"{file.path} cannot be used ({file.problem}), so nothing in its folder is read."
                files.append(file)
            if self._is_top(folder, path):
                break
        return _forbidden(path, files) if files else None

    def _is_top(self, folder: str, path: str) -> bool:
        if any(_is_below(path, root) for root in self.roots):
            return same_name(folder) in map(same_name, self.roots) and not any(
                _is_below(folder, root) for root in self.roots
            )
        return os.path.lexists(folder + ".git")


def _forbidden(path: str, files: Sequence[IgnoreFile]) -> str | None:
    """``files`` nearest first, all of them readable."""
    for entry in entries(path):
        for file in files:
            if not _is_below(entry, file.folder) or file.patterns is None:
                continue
            if found := file.patterns.rule_for(entry[len(file.folder) :]):
                if found[1]:
                    return f"{file.path} names it: {found[0]}."
                break
    return None


def _is_below(path: str, folder: str) -> bool:
    return len(path) > len(folder) and same_name(path).startswith(same_name(folder))


def _slashed(path: str) -> str:
    return path.replace(os.sep, "/")


def _own_pattern(pattern: str) -> str:
    """A pattern with ``~`` as the home folder and, on Windows, its own separators."""
    expanded = os.path.expanduser(pattern) if pattern.startswith("~") else pattern  # noqa: PTH111
    return _slashed(expanded)
