from __future__ import annotations

import pytest

from fimble.bench.installed import find, is_permissive
from fimble.errors import ConfigError


def test_a_package_is_found_by_the_name_it_is_installed_by() -> None:
    found = find("tree-sitter")
    assert found.licence.startswith("MIT") and found.version
    assert [folder.name for folder in found.folders] == ["tree_sitter"]
    assert (found.folders[0] / "__init__.py").is_file()


@pytest.mark.parametrize(
    ("name", "reason"), [("no-such-package-at-all", "not installed"), ("", "not installed"), ("pathspec", "permissive")]
)
def test_what_cannot_be_learned_from_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        find(name)


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0 OR BSD-2-Clause", "BSD License", "ISC License (ISCL)", "0BSD"])
def test_permissive(licence: str) -> None:
    assert is_permissive(licence)


@pytest.mark.parametrize("licence", ["", "GPL-3.0-only", "MIT AND LGPL-2.1", "Mozilla Public License 2.0 (MPL 2.0)"])
def test_not_permissive(licence: str) -> None:
    assert not is_permissive(licence)
