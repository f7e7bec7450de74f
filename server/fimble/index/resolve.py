"""From an import to the file of the workspace that it means, by the rules of each language."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from fimble.index.imports import EVERYTHING
from fimble.index.records import Import
from fimble.syntax.languages import find

_SCRIPT_ENDINGS = (
    ".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts",
    "/index.ts", "/index.tsx", "/index.d.ts", "/index.js", "/index.jsx", "/index.mjs",
)  # fmt: skip
_SCRIPT_ALIASES = ("@/", "~/", "#/", "src/")
_SHARES_FOLDER = frozenset({"go", "java", "kotlin", "scala"})
"""Languages in which the files of a folder see each other's definitions without an import."""


def module_file(importing_path: str, one: Import, paths: frozenset[str]) -> str | None:
    """Of ``paths``, the file that ``one`` means in the file at ``importing_path``; ``None`` if it lies elsewhere.

    It is the submodule where the imported name is one, else the file of the module, in which the name may
    itself be imported. Of a Go package or a Java ``*``, it is the first file.
    """
    return next(iter(_modules(paths).files(importing_path, one)), None)


@lru_cache(maxsize=4)
def _modules(paths: frozenset[str]) -> Modules:
    return Modules(paths)


class Modules:
    """The files of a workspace, by what imports may call them. Does not change."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        self._by_stem: dict[str, list[str]] = {}
        self._in_folder: dict[str, list[str]] = {}
        for path in sorted(self.paths):
            folder, _, name = path.rpartition("/")
            self._in_folder.setdefault(folder, []).append(path)
            stem = name.partition(".")[0]
            self._by_stem.setdefault(stem, []).append(path)
        self._folders_by_name: dict[str, list[str]] = {}
        for folder in self._in_folder:
            self._folders_by_name.setdefault(folder.rpartition("/")[2], []).append(folder)
        self._ways: dict[str, Callable[[str, Import], Iterator[str]]] = {
            "python": self._python, "javascript": self._script, "typescript": self._script, "tsx": self._script,
            "go": self._go, "java": self._dotted, "kotlin": self._dotted, "scala": self._dotted, "rust": self._rust,
            "c": self._include, "cpp": self._include, "ruby": self._ruby, "php": self._php,
        }  # fmt: skip

    def files(self, importing_path: str, one: Import) -> tuple[str, ...]:
        """Those that ``one`` may mean in the file at ``importing_path``; several only where all of them are meant."""
        language = _language(importing_path)
        way = self._ways.get(language)
        if way is None:
            return ()
        found = dict.fromkeys(path for path in way(importing_path, one) if path != importing_path)
        is_whole_folder = language == "go" or (language in _SHARES_FOLDER and one.name == EVERYTHING)
        return tuple(found) if is_whole_folder else tuple(found)[:1]

    def beside(self, path: str) -> tuple[str, ...]:
        """The files whose definitions the one at ``path`` sees without an import."""
        language = _language(path)
        if language not in _SHARES_FOLDER:
            return ()
        others = self._in_folder.get(path.rpartition("/")[0], [])
        return tuple(one for one in others if one != path and _language(one) == language)

    def _python(self, importing: str, one: Import) -> Iterator[str]:
        name = one.name if one.name != EVERYTHING else ""
        bare = one.module.lstrip(".")
        parts = bare.split(".") if bare else []
        num_dots = len(one.module) - len(bare)
        if num_dots:
            folder = importing.split("/")[:-num_dots]
            if num_dots > importing.count("/") + 1:
                return
            yield from self._python_files([*folder, *parts], name)
            return
        beside = importing.split("/")[:-1]
        if "/".join([*beside, "__init__.py"]) not in self.paths:
            yield from self._python_files([*beside, *parts], name)
        for tail in ([*parts, name], parts) if name else (parts,):
            candidates = [
                path
                for stem in (tail[-1], "__init__")
                for path in (self._by_stem.get(stem, ()) if stem != "__init__" else self._inits(tail[-1]))
                if path.endswith((".py", ".pyi"))
            ]
            written = "/".join(tail)
            fitting = []
            for path in candidates:
                module = path.rpartition(".")[0].removesuffix("/__init__")
                if module != written and not module.endswith("/" + written):
                    continue
                root = module[: -len(written)].rstrip("/")
                if not self._is_package(root):
                    fitting.append(path)
            yield from _nearest(importing, fitting)

    def _python_files(self, parts: list[str], name: str) -> Iterator[str]:
        for whole in ([*parts, name], parts) if name else (parts,):
            base = "/".join(whole)
            for ending in (".py", "/__init__.py", ".pyi", "/__init__.pyi"):
                path = base + ending if base else ending.lstrip("/")
                if path in self.paths:
                    yield path

    def _inits(self, folder_name: str) -> Iterator[str]:
        for folder in self._folders_by_name.get(folder_name, ()):
            for name in ("__init__.py", "__init__.pyi"):
                if f"{folder}/{name}" in self.paths:
                    yield f"{folder}/{name}"

    def _is_package(self, folder: str) -> bool:
        return bool(folder) and (f"{folder}/__init__.py" in self.paths or f"{folder}/__init__.pyi" in self.paths)

    def _script(self, importing: str, one: Import) -> Iterator[str]:
        module = one.module
        folder = importing.rpartition("/")[0]
        if module.startswith("."):
            bases = [posixpath.normpath(posixpath.join(folder, module))]
        else:
            alias = next((alias for alias in _SCRIPT_ALIASES if module.startswith(alias)), "")
            if not alias:
                return
            rest = module.removeprefix(alias)
            around = [PurePosixPath(folder), *PurePosixPath(folder).parents]
            bases = [posixpath.normpath(str(outer / start / rest)) for outer in around for start in ("src", ".", "app")]
        for base in bases:
            if base in self.paths:
                yield base
            for ending in _SCRIPT_ENDINGS:
                if base + ending in self.paths:
                    yield base + ending
            stem, dot, extension = base.rpartition(".")
            if dot and extension in ("js", "jsx", "mjs", "cjs"):
                for ending in _SCRIPT_ENDINGS[:3]:
                    if stem + ending in self.paths:
                        yield stem + ending

    def _go(self, importing: str, one: Import) -> Iterator[str]:
        parts = one.module.split("/")
        for start in range(len(parts)):
            tail = "/".join(parts[start:])
            is_sure = len(parts) - start > 1
            folders = [
                folder
                for folder in self._folders_by_name.get(parts[-1], ())
                if (folder == tail and (is_sure or "." in parts[0])) or (is_sure and folder.endswith("/" + tail))
            ]
            for folder in _nearest(importing, folders)[:1]:
                yield from (
                    path for path in self._in_folder[folder] if path.endswith(".go") and not path.endswith("_test.go")
                )
                return

    def _dotted(self, importing: str, one: Import) -> Iterator[str]:
        """Java, Kotlin and Scala: a class is a file, a package a folder."""
        parts = one.module.split(".")
        if one.name == EVERYTHING:
            tail = "/".join(parts)
            for folder in self._folders_by_name.get(parts[-1], ()):
                if folder == tail or folder.endswith("/" + tail):
                    yield from self._in_folder[folder]
        for whole in ([*parts, one.name], parts, parts[:-1]):
            if len(whole) > 1:
                yield from self._by_tail(importing, "/".join(whole), (".java", ".kt", ".scala"))

    def _rust(self, importing: str, one: Import) -> Iterator[str]:
        parts = [part for part in [*one.module.split("::"), one.name] if part and part != EVERYTHING]
        folder, _, name = importing.rpartition("/")
        own = folder if name in ("mod.rs", "lib.rs", "main.rs") else importing.removesuffix(".rs")
        if not parts:
            return
        if parts[0] == "crate":
            inside = ("/" + importing).rpartition("/src/")[0].lstrip("/")
            bases = [f"{inside}/src" if inside else "src"]
            parts = parts[1:]
        elif parts[0] in ("self", "super"):
            while parts and parts[0] in ("self", "super"):
                own = own.rpartition("/")[0] if parts[0] == "super" else own
                parts = parts[1:]
            bases = [own]
        else:
            bases = [f"{crate}/src" for name in (parts[0], parts[0].replace("_", "-")) for crate in self._crates(name)]
            parts = parts[1:]
        for base in bases:
            for end in range(len(parts), -1, -1):
                module = "/".join([base, *parts[:end]]).lstrip("/")
                endings = (".rs", "/mod.rs") if end else ("/lib.rs", "/main.rs", "/mod.rs", ".rs")
                yield from (module + ending for ending in endings if module + ending in self.paths)

    def _crates(self, name: str) -> Iterator[str]:
        for path in self._by_stem.get("lib", ()):
            crate = path.removesuffix("/src/lib.rs")
            if crate != path and crate.rpartition("/")[2] == name:
                yield crate

    def _include(self, importing: str, one: Import) -> Iterator[str]:
        beside = posixpath.normpath(posixpath.join(importing.rpartition("/")[0], one.module))
        if beside in self.paths:
            yield beside
        yield from self._by_tail(importing, posixpath.normpath(one.module).lstrip("./"), ("",))

    def _ruby(self, importing: str, one: Import) -> Iterator[str]:
        module = one.module.removesuffix(".rb")
        if module.startswith("."):
            path = posixpath.normpath(posixpath.join(importing.rpartition("/")[0], module)) + ".rb"
            if path in self.paths:
                yield path
        elif "/" in module or f"lib/{module}.rb" in self.paths:
            yield from self._by_tail(importing, module, (".rb",))

    def _php(self, importing: str, one: Import) -> Iterator[str]:
        parts = [part for part in [*one.module.split("\\"), one.name] if part]
        for start in range(max(1, len(parts) - 1)):
            yield from self._by_tail(importing, "/".join(parts[start:]), (".php",))

    def _by_tail(self, importing: str, tail: str, endings: tuple[str, ...]) -> list[str]:
        """Files whose path ends with ``tail`` and one of ``endings``, the nearest first."""
        stem = tail.rpartition("/")[2].partition(".")[0]
        wanted = tuple(tail + ending for ending in endings)
        behind = tuple("/" + one for one in wanted)
        return _nearest(
            importing, [path for path in self._by_stem.get(stem, ()) if path in wanted or path.endswith(behind)]
        )


def _nearest(importing: str, paths: list[str]) -> list[str]:
    """``paths``, those first that share most folders with ``importing``, then the shorter."""
    own = importing.split("/")[:-1]

    def distance(path: str) -> tuple[int, int, str]:
        num_shared = 0
        for mine, theirs in zip(own, path.split("/"), strict=False):
            if mine != theirs:
                break
            num_shared += 1
        return -num_shared, path.count("/"), path

    return sorted(paths, key=distance)


@lru_cache(maxsize=1 << 14)
def _language(path: str) -> str:
    language = find("", path.rpartition("/")[2])
    return language.name if language else ""
