from __future__ import annotations

from pathlib import Path

import pytest

from fimble.training.licences import Licences, own_licences
from fimble.training.notices import asks_not_to_train, notice, notice_lines

MIT = "MIT License\n\nCopyright (c) 2024 A\n\nPermission is hereby granted, free of charge, to any person\n"
GPL3 = (
    "                    GNU GENERAL PUBLIC LICENSE\n                       Version 3, 29 June 2007\n" + "words\n" * 300
)


def licences(root: Path, text: str = MIT, *more: str) -> Licences:
    if text:
        (root / "LICENSE").write_text(text)
    return Licences(root, more)


@pytest.mark.parametrize(
    "header",
    [
        "# SPDX-License-Identifier: MIT\n",
        "# SPDX-License-Identifier: MIT OR GPL-3.0-only\n",
        "# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n",
        "/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */\n",
        "# Copyright 2020 A. All rights reserved.\n# Licensed under the Apache License, Version 2.0\n",
        "// Use of this source code is governed by a BSD-style license. All rights reserved.\n",
        '"""Handles confidential clients of OAuth."""\n',
        '"""Files with a notice ("all rights reserved") are left out."""\n',
        "# Dual licensed under the MIT license and the GPL.\n",
        "x = 'proprietary and confidential'\n",
        "",
    ],
)
def test_what_may_be_used(tmp_path: Path, header: str) -> None:
    assert licences(tmp_path).refusal("a.py", header + "x = 1\n") is None


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("# SPDX-License-Identifier: GPL-3.0-or-later\n", "GPL-3.0-or-later"),
        ("# SPDX-License-Identifier: MIT AND GPL-2.0-only\n", "MIT AND GPL-2.0-only"),
        ("#!/bin/sh\n# SPDX-License-Identifier: CC-BY-NC-4.0\n", "CC-BY-NC-4.0"),
        ("# This program is free software under the GNU General Public License, version 2.\n", "GPL-2.0"),
        ("/*\n * Licensed under the Mozilla Public License 2.0\n */\n", "MPL-2.0"),
        ("# Copyright 2020 Acme Inc. All rights reserved.\n", "proprietary"),
        ("// CONFIDENTIAL. Do not distribute.\n", "proprietary"),
        ("/* Acme proprietary software. */\n", "proprietary"),
        ("# 版权所有，未经许可不得使用\n", "proprietary"),
    ],
)
def test_what_may_not(tmp_path: Path, header: str, name: str) -> None:
    assert licences(tmp_path).refusal("a.py", header + "x = 1\n") == name


def test_the_repositorys_own_licence_and_those_allowed_may_be_used(tmp_path: Path) -> None:
    text = "# SPDX-License-Identifier: GPL-2.0-or-later\nx = 1\n"
    assert licences(tmp_path, GPL3).refusal("a.py", text) is None
    assert licences(tmp_path, GPL3).refusal("a.py", text.replace("-or-later", "-only")) == "GPL-2.0-only"
    assert licences(tmp_path, MIT, "GPL-2.0").refusal("a.py", text) is None
    reserved = "# Copyright Acme. All rights reserved.\nx = 1\n"
    assert licences(tmp_path, MIT, "proprietary").refusal("a.py", reserved) is None
    assert licences(tmp_path, "Acme software.\nAll rights reserved.\n").refusal("a.py", reserved) is None


def test_a_licence_file_further_down_governs_its_folder(tmp_path: Path) -> None:
    (tmp_path / "libs" / "other" / "deep").mkdir(parents=True)
    (tmp_path / "libs" / "other" / "COPYING").write_text(GPL3)
    found = licences(tmp_path)
    assert found.refusal("libs/other/deep/a.py", "x = 1\n") == "GPL-3.0"
    assert found.refusal("libs/a.py", "x = 1\n") is None
    assert found.refusal("libs/other/a.py", "# SPDX-License-Identifier: MIT\nx = 1\n") is None


@pytest.mark.parametrize(
    ("name", "text", "own"),
    [
        ("LICENSE", MIT, {"MIT"}),
        ("LICENCE.md", GPL3, {"GPL-3.0"}),
        ("LICENSE-APACHE", "Apache License\nVersion 2.0, January 2004\n", {"Apache-2.0"}),
        ("pyproject.toml", '[project]\nname = "a"\nlicense = "BSD-3-Clause OR MIT"\n', {"BSD-3-Clause", "MIT"}),
        ("pyproject.toml", '[project]\nclassifiers = ["License :: OSI Approved :: MIT License"]\n', {"MIT"}),
        ("package.json", '{"license": "ISC"}', {"ISC"}),
        ("Cargo.toml", '[package]\nlicense = "GPL-3.0-or-later"\n', {"GPL-3.0-or-later"}),
        ("PKG-INFO", "Name: a\nLicense: MIT\n", {"MIT"}),
        ("LICENSE", "You may do whatever I say.\n", {"unknown"}),
        ("pyproject.toml", "[broken", set()),
        ("package.json", "[1]", set()),
        ("license.py", MIT, set()),
    ],
)
def test_the_repositorys_own_licence(tmp_path: Path, name: str, text: str, own: set[str]) -> None:
    (tmp_path / name).write_text(text)
    assert own_licences(tmp_path) == own


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("# This file may not be used to train AI models.\n", True),
        ("// Do not use for machine learning training.\n", True),
        ("/* Not to be used for training of\n * any machine learning model. */\n", True),
        ("# 禁止用于训练任何模型\n", True),
        ("# NoAI\n", True),
        ("# Trains a model on machine learning data.\n", False),
        ("# No model is trained here without data.\n", False),
        ("x = 'may not be used to train AI models'\n", False),
    ],
)
def test_a_file_may_ask_not_to_be_trained_on(text: str, asks: bool) -> None:
    assert asks_not_to_train(text) is asks


def test_a_notice_ends_where_code_begins() -> None:
    text = '#!/usr/bin/env python\n"""One.\n\nCopyright A.\n"""\n# more\n\nimport os\n# not this\n'
    assert notice(text) == '#!/usr/bin/env python\n"""One.\nCopyright A.\n"""\n# more'
    assert notice_lines(text) == 6
    assert notice_lines("# says something\nx = 1\n") == 0
