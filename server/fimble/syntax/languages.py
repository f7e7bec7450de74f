"""The languages whose syntax fimble knows: their names, grammars, comments and strings.

A language is found by the editor's language id, else by the file's name. Each grammar is a
wheel of its own, imported when the first file of its language comes; one that cannot be
loaded makes its language unknown, said once in the log. For an unknown language callers
fall back on indentation and brackets.
"""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from fimble.text import Snapshot

if TYPE_CHECKING:
    import tree_sitter

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Language:
    """One language: where its grammar is, and what its syntax tree calls things."""

    name: str
    module: str
    """The module of the grammar's wheel."""
    comments: frozenset[str] = frozenset({"comment"})
    """Node types that are comments."""
    strings: frozenset[str] = frozenset()
    """Node types that are string literals, or other text that is not code."""
    code_in_strings: frozenset[str] = frozenset()
    """Node types inside strings that hold code again (``{x}`` in an f-string)."""
    line_comment: str = ""
    """What begins a comment that ends with its line; empty where there is none."""
    is_indented: bool = False
    """Whether blocks are made by indentation."""
    function: str = "language"
    """The function of ``module`` that gives the grammar."""


def _kinds(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SCRIPT_STRINGS = _kinds("string template_string regex jsx_text")
_SCRIPT_COMMENTS = _kinds("comment html_comment")
_LINE_OR_BLOCK = _kinds("line_comment block_comment")
_C_STRINGS = _kinds("string_literal char_literal system_lib_string")
_SUBSTITUTION = _kinds("template_substitution")

_LANGUAGES = (
    Language(
        "python", "tree_sitter_python", strings=_kinds("string"), code_in_strings=_kinds("interpolation"),
        line_comment="#", is_indented=True,
    ),
    Language("javascript", "tree_sitter_javascript", _SCRIPT_COMMENTS, _SCRIPT_STRINGS, _SUBSTITUTION, "//"),
    Language(
        "typescript", "tree_sitter_typescript", _SCRIPT_COMMENTS, _SCRIPT_STRINGS, _SUBSTITUTION, "//",
        function="language_typescript",
    ),
    Language(
        "tsx", "tree_sitter_typescript", _SCRIPT_COMMENTS, _SCRIPT_STRINGS, _SUBSTITUTION, "//",
        function="language_tsx",
    ),
    Language(
        "java", "tree_sitter_java", _LINE_OR_BLOCK, _kinds("string_literal character_literal"),
        _kinds("string_interpolation"), "//",
    ),
    Language("c", "tree_sitter_c", strings=_C_STRINGS, line_comment="//"),
    Language("cpp", "tree_sitter_cpp", strings=_C_STRINGS | {"raw_string_literal"}, line_comment="//"),
    Language(
        "csharp", "tree_sitter_c_sharp",
        strings=_kinds("string_literal verbatim_string_literal raw_string_literal character_literal")
        | _kinds("interpolated_string_expression"),
        code_in_strings=_kinds("interpolation"), line_comment="//",
    ),
    Language(
        "go", "tree_sitter_go",
        strings=_kinds("interpreted_string_literal raw_string_literal rune_literal"), line_comment="//",
    ),
    Language(
        "rust", "tree_sitter_rust", _LINE_OR_BLOCK, _kinds("string_literal raw_string_literal char_literal"),
        line_comment="//",
    ),
    Language(
        "ruby", "tree_sitter_ruby", strings=_kinds("string heredoc_body regex string_array subshell"),
        code_in_strings=_kinds("interpolation"), line_comment="#",
    ),
    Language(
        "php", "tree_sitter_php", strings=_kinds("string encapsed_string heredoc nowdoc text"),
        line_comment="//", function="language_php",
    ),
    Language(
        "bash", "tree_sitter_bash",
        strings=_kinds("string raw_string ansi_c_string translated_string heredoc_body"),
        code_in_strings=_kinds("command_substitution expansion"), line_comment="#",
    ),
    Language("html", "tree_sitter_html", strings=_kinds("quoted_attribute_value text")),
    Language("css", "tree_sitter_css", _kinds("comment js_comment"), _kinds("string_value")),
    Language("json", "tree_sitter_json", strings=_kinds("string")),
    Language(
        "yaml", "tree_sitter_yaml",
        strings=_kinds("double_quote_scalar single_quote_scalar block_scalar"), line_comment="#", is_indented=True,
    ),
    Language("toml", "tree_sitter_toml", strings=_kinds("string quoted_key"), line_comment="#"),
    Language("sql", "tree_sitter_sql", _kinds("comment marginalia"), _kinds("literal"), line_comment="--"),
    Language("lua", "tree_sitter_lua", strings=_kinds("string"), line_comment="--"),
    Language(
        "kotlin", "tree_sitter_kotlin", _LINE_OR_BLOCK,
        _kinds("string_literal multiline_string_literal character_literal"), _kinds("interpolation"), "//",
    ),
    Language(
        "scala", "tree_sitter_scala", _kinds("comment block_comment"),
        _kinds("string interpolated_string character_literal"), _kinds("interpolation"), "//",
    ),
    Language(
        "swift", "tree_sitter_swift", _kinds("comment multiline_comment"),
        _kinds("line_string_literal multi_line_string_literal raw_string_literal regex_literal"),
        _kinds("interpolated_expression raw_str_interpolation"), "//",
    ),
)  # fmt: skip

LANGUAGES = {language.name: language for language in _LANGUAGES}

_ALIASES = {
    "javascriptreact": "javascript", "javascript.jsx": "javascript", "jsx": "javascript", "js": "javascript",
    "typescriptreact": "tsx", "typescript.tsx": "tsx", "ts": "typescript",
    "c++": "cpp", "cuda-cpp": "cpp", "c-sharp": "csharp", "cs": "csharp", "golang": "go",
    "shellscript": "bash", "sh": "bash", "shell": "bash", "jsonc": "json", "yml": "yaml",
}  # fmt: skip
"""What VS Code, Neovim, Helix and Emacs call them, where that is not our name."""

_EXTENSIONS = {
    "python": "py pyi pyw", "javascript": "js mjs cjs jsx", "typescript": "ts mts cts", "tsx": "tsx",
    "java": "java", "c": "c", "cpp": "cpp cc cxx c++ hpp hh hxx h ipp", "csharp": "cs csx", "go": "go",
    "rust": "rs", "ruby": "rb rake gemspec ru", "php": "php phtml", "bash": "sh bash", "html": "html htm xhtml",
    "css": "css", "json": "json jsonc webmanifest geojson", "yaml": "yaml yml", "toml": "toml", "sql": "sql",
    "lua": "lua", "kotlin": "kt kts", "scala": "scala sc sbt", "swift": "swift",
}  # fmt: skip
_BY_EXTENSION = {extension: name for name, listed in _EXTENSIONS.items() for extension in listed.split()}
_BY_FILE_NAME = {
    "gemfile": "ruby", "rakefile": "ruby", "pipfile": "toml", "cargo.lock": "toml", "poetry.lock": "toml",
    "uv.lock": "toml", ".bashrc": "bash", ".bash_profile": "bash", ".profile": "bash",
}  # fmt: skip


def language_of(snapshot: Snapshot) -> Language | None:
    """The language of a document: by its language id, else by its file's name; ``None`` if unknown."""
    return find(snapshot.language, snapshot.uri)


@lru_cache(maxsize=512)
def find(language_id: str, uri: str) -> Language | None:
    """The language that ``language_id`` names, else the one that the name of the file at ``uri`` tells."""
    name = language_id.strip().lower()
    known = LANGUAGES.get(_ALIASES.get(name, name))
    if known is not None:
        return known
    try:
        file_name = PurePosixPath(unquote(urlsplit(uri).path)).name.lower()
    except ValueError:
        return None
    by_name = _BY_FILE_NAME.get(file_name) or _BY_EXTENSION.get(PurePosixPath(file_name).suffix[1:])
    return LANGUAGES[by_name] if by_name else None


@cache
def grammar(language: Language) -> tree_sitter.Language | None:
    """The language's grammar, or ``None`` (said once in the log) where its wheel cannot be loaded."""
    try:
        import tree_sitter

        pointer = getattr(importlib.import_module(language.module), language.function)()
        return tree_sitter.Language(pointer)
    except Exception as error:  # noqa: BLE001 (a grammar is a compiled wheel: it may fail in any way)
        _LOG.warning("The grammar of %s cannot be loaded, so its syntax is not checked: %s", language.name, error)
        return None
