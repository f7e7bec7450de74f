"""What the comments at a file's top say of who may use it, and which licences a text names in plain words."""

from __future__ import annotations

import re

_FORMS = (
    ("AGPL", r"GNU\s+AFFERO\s+GENERAL\s+PUBLIC|\bAGPL"),
    ("LGPL", r"GNU\s+(?:LESSER|LIBRARY)\s+GENERAL\s+PUBLIC|\bLGPL"),
    ("GPL", r"GNU\s+GENERAL\s+PUBLIC|(?<![AL])\bGPL"),
    ("MPL-2.0", r"Mozilla\s+Public\s+License|\bMPL\b"),
    ("EPL-2.0", r"Eclipse\s+Public\s+License"),
    ("EUPL-1.2", r"European\s+Union\s+Public\s+Licen[cs]e|\bEUPL\b"),
    ("SSPL-1.0", r"Server\s+Side\s+Public\s+License"),
    ("BUSL-1.1", r"Business\s+Source\s+License"),
    ("CC-BY-NC", r"CC[ -]BY[ -]NC|Attribution-NonCommercial"),
    ("CC-BY-SA", r"CC[ -]BY[ -]SA|Attribution-ShareAlike"),
    ("CC0-1.0", r"\bCC0\b"),
    ("Apache-2.0", r"Apache(?:\s+Software)?\s+License|\bApache[- ]2(?:\.0)?\b"),
    ("MIT", r"\bMIT\b(?:\s+|-)(?:style\s+)?licen[cs]e|\bExpat License|Permission is hereby granted, free of charge"),
    ("BSD", r"\bBSD\b|Redistributions?\s+and\s+use\s+in\s+source\s+and\s+binary\s+forms"),
    ("ISC", r"\bISC\s+License|Permission to use, copy, modify,? and(?:/or)? distribute this software"),
    ("BSL-1.0", r"Boost\s+Software\s+License"),
    ("Zlib", r"\bzlib\s+License|This software is provided 'as-is', without any express or implied"),
    ("MulanPSL-2.0", r"Mulan\s*PSL|木兰宽松许可证"),
    ("Unlicense", r"\bUnlicense\b|free and unencumbered software released into the public domain"),
    ("PSF-2.0", r"Python\s+Software\s+Foundation\s+License|\bPSF License"),
)
"""Of each licence that people name in plain words a short form of its name, and the words."""
_COMPILED = tuple((name, re.compile(words, re.IGNORECASE)) for name, words in _FORMS)
_VERSION = re.compile(r"\b(?:version|v)\s*([123])\b|GPL-?\s?v?([123])", re.IGNORECASE)
_LATER = re.compile(r"or\s+(?:\(?at your option\)?,?\s+)?(?:any\s+)?later", re.IGNORECASE)
SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*([^\n*]+?)[ \t]*(?:\*/|-->|#\}|\n|$)")
CHOICE = re.compile(r"\bdual|\beither\b|your choice|\bor\b[^.]{0,40}\blicen[cs]e", re.IGNORECASE)
_RESERVED = re.compile(
    r"(?<![\"'`“])\ball\s+rights\s+reserved|保留所有权利|版权所有.{0,20}(?:不得|禁止|违者)"
    r"|\b(?:strictly|company)\s+confidential|\bconfidential\s+(?:and|&)\s+proprietary|\bproprietary\s+and\s+confidential"
    r"|\bCONFIDENTIAL\b|\bproprietary\s+(?:software|code|information|to\b|licen[cs]e)"
    r"|unauthori[sz]ed\s+(?:copying|use|distribution)|internal\s+use\s+only|\bdo\s+not\s+(?:re)?distribute",
)
_RESERVED_ANY_CASE = re.compile(_RESERVED.pattern.replace(r"|\bCONFIDENTIAL\b", ""), re.IGNORECASE)
_NO_TRAINING = re.compile(
    r"(?:\bnot?\b|n't|prohibit\w*|forbid\w*)[^.\n]{0,80}\b(?:train(?:ing|ed)?|fine-?tun\w+)\b[^.\n]{0,60}"
    r"\b(?:AI|ML|LLMs?|models?|machine[ -]learning|neural|artificial)\b"
    r"|(?:\bnot?\b|n't|prohibit\w*|forbid\w*)[^.\n]{0,80}\b(?:AI|ML|LLM|machine[ -]learning|model)\b[ -]train"
    r"|\bno-?ai-?train|\bnoai\b|\btdm-reservation:\s*1"
    r"|(?:禁止|不得|不允许|严禁)[^。\n]{0,30}(?:训练|機器學習|机器学习)",
    re.IGNORECASE,
)
_MARKS = ("#", "//", "/*", "*", "--", ";", "%", "<!--", '"""', "'''", '"', "..", "{#", "=begin", "<?php")
_PAIRS = (("/*", "*/"), ("<!--", "-->"), ('"""', '"""'), ("'''", "'''"), ("--[[", "]]"), ("{#", "#}"))
_MAX_NOTICE_LINES = 80


def notice(text: str) -> str:
    """The comments and the docstring that a file begins with."""
    return "\n".join(line.strip() for line in text[:20_000].split("\n")[: _num_head_lines(text)] if line.strip())


def notice_lines(text: str) -> int:
    """How many lines the notice at a file's top takes, where it speaks of rights; else 0."""
    return _num_head_lines(text) if re.search(r"copyright|licen[cs]e|©|rights reserved", notice(text), re.I) else 0


def _num_head_lines(text: str) -> int:
    closing = ""
    last = 0
    for number, line in enumerate(text[:20_000].split("\n")[:_MAX_NOTICE_LINES]):
        bare = line.strip()
        if closing:
            last = number + 1
            closing = "" if closing in bare else closing
        elif bare.startswith(_MARKS):
            last = number + 1
            opened = next(((begin, end) for begin, end in _PAIRS if bare.startswith(begin)), None)
            if opened and opened[1] not in bare[len(opened[0]) :]:
                closing = opened[1]
        elif bare:
            break
    return last


def named_in(text: str) -> list[str]:
    """The licences that a notice or a licence's text names in plain words."""
    found = [name for name, words in _COMPILED if words.search(text)]
    if "GPL" in found and ("LGPL" in found or "AGPL" in found):
        found.remove("GPL")
    return [_versioned(name, text) if name in ("GPL", "LGPL", "AGPL") else name for name in found]


def is_reserved(said: str) -> bool:
    """Whether a notice keeps a file to its owner."""
    return _RESERVED.search(said) is not None or _RESERVED_ANY_CASE.search(said) is not None


def asks_not_to_train(text: str) -> bool:
    """Whether the notice at a file's top asks not to be used for training."""
    said = " ".join(re.sub(r"(?m)^(?:#+|//+|/?\*+|--+)", "", notice(text)).split())
    return _NO_TRAINING.search(said) is not None


def _versioned(name: str, text: str) -> str:
    version = _VERSION.search(text)
    if version is None:
        return name
    return f"{name}-{version[1] or version[2]}.0" + ("-or-later" if _LATER.search(text[:5000]) else "")
