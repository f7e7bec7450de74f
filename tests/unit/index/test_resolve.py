"""Which file an import means."""

from __future__ import annotations

import pytest

from fimble.index.records import Import
from fimble.index.resolve import module_file

PATHS = frozenset(
    [
        *(f"src/app/{name}.py" for name in ("__init__", "client", "net/__init__", "net/http", "json")),
        *("tests/test_a.py", "tests/helper.py", "other/app2/client.py", "scripts/run.py", "scripts/tool.py"),
        *(f"web/src/{name}" for name in ("api.ts", "ui/index.tsx", "ui/card.tsx", "old.js", "new.ts")),
        *("go/model/item.go", "go/model/item_test.go", "go/model/more.go", "go/main.go"),
        *("j/src/main/java/a/b/C.java", "j/src/main/java/a/b/D.java"),
        *("r/src/lib.rs", "r/src/store.rs", "r/src/net/mod.rs", "r/src/net/tcp.rs"),
        *("my-crate/src/lib.rs", "my-crate/src/x.rs", "c/src/main.c", "c/src/util.h", "c/include/foo/bar.h"),
        *("rb/lib/a/b.rb", "rb/lib/c.rb", "php/src/Models/User.php"),
    ]
)


@pytest.mark.parametrize(
    ("importing", "module", "name", "expected"),
    [
        ("src/app/net/http.py", "..client", "Client", "src/app/client.py"),
        ("src/app/net/http.py", "..", "client", "src/app/client.py"),
        ("src/app/net/http.py", "..", "VERSION", "src/app/__init__.py"),
        ("src/app/client.py", ".net", "http", "src/app/net/http.py"),
        ("src/app/client.py", ".net", "*", "src/app/net/__init__.py"),
        ("src/app/client.py", "....x", "y", None),
        ("tests/test_a.py", "app.client", "Client", "src/app/client.py"),
        ("tests/test_a.py", "app", "client", "src/app/client.py"),
        ("tests/test_a.py", "app.net.http", "", "src/app/net/http.py"),
        ("tests/test_a.py", "helper", "", "tests/helper.py"),
        ("scripts/run.py", "tool", "go", "scripts/tool.py"),
        ("src/app/client.py", "json", "", None),
        ("src/app/client.py", "os", "path", None),
        ("web/src/ui/card.tsx", "../api", "get", "web/src/api.ts"),
        ("web/src/api.ts", "./ui", "Card", "web/src/ui/index.tsx"),
        ("web/src/api.ts", "./new.js", "x", "web/src/new.ts"),
        ("web/src/ui/card.tsx", "@/api", "get", "web/src/api.ts"),
        ("web/src/api.ts", "react", "x", None),
        ("go/main.go", "example.com/me/go/model", "", "go/model/item.go"),
        ("go/main.go", "encoding/json", "", None),
        ("j/src/main/java/a/b/D.java", "a.b", "C", "j/src/main/java/a/b/C.java"),
        ("j/src/main/java/a/b/D.java", "a.b.C", "method", "j/src/main/java/a/b/C.java"),
        ("r/src/lib.rs", "crate::store", "Item", "r/src/store.rs"),
        ("r/src/net/tcp.rs", "super", "Conn", "r/src/net/mod.rs"),
        ("r/src/lib.rs", "self", "net", "r/src/net/mod.rs"),
        ("r/src/lib.rs", "my_crate::x", "Y", "my-crate/src/x.rs"),
        ("r/src/lib.rs", "std::io", "Read", None),
        ("c/src/main.c", "util.h", "*", "c/src/util.h"),
        ("c/src/main.c", "foo/bar.h", "*", "c/include/foo/bar.h"),
        ("c/src/main.c", "stdio.h", "*", None),
        ("rb/lib/c.rb", "./a/b", "*", "rb/lib/a/b.rb"),
        ("rb/lib/c.rb", "a/b", "*", "rb/lib/a/b.rb"),
        ("php/src/Models/Post.php", "App\\Models", "User", "php/src/Models/User.php"),
        ("README.md", "app", "", None),
    ],
)
def test_the_file_that_an_import_means(importing: str, module: str, name: str, expected: str | None) -> None:
    assert module_file(importing, Import(module, name, name), PATHS) == expected
