"""Functions and classes in every language that has them."""

from __future__ import annotations

import pytest

from fimble.syntax.languages import find
from fimble.syntax.outline import Definition, definitions, enclosing
from fimble.syntax.parsed import Parsed, parse


def parsed(language: str, text: str) -> Parsed:
    known = find(language, "")
    assert known is not None
    tree = parse(known, text, text.encode(), 1000)
    assert tree is not None
    return tree


def outline(language: str, text: str) -> list[Definition]:
    return list(definitions(parsed(language, text)))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "class A:\n    @deco\n    def f(self):\n        '''doc'''\n\nasync def g(): return 1\n", "A f! g"),
        (
            "python",
            "def f():\n    ...\ndef g():\n    raise NotImplementedError\ndef h():\n    pass  # soon\n",
            "f! g! h!",
        ),
        (
            "javascript",
            "export function f(a) {}\nconst g = (x) => { return 1 }\nclass A { m() { // c\n } }\n",
            "f! g A m!",
        ),
        ("typescript", "abstract class A { m(): void { throw new Error('not implemented') } }\n", "A m!"),
        ("tsx", "export const F = () => { return <b/> }\n", "F"),
        ("java", "class A { int f(int a) { } A() { x(); } }\ninterface I { void g(); }", "A f! A I g!"),
        ("c", "int f(int a) { }\nstatic char *g(void) { return 0; }\n", "f! g"),
        ("cpp", "int A::g(int x) { return 1; }\ntemplate<class T> T h(T x) {}\n", "A::g h!"),
        ("csharp", "class A { int F(int a) { throw new NotImplementedException(); } }", "A F!"),
        ("go", "package a\nfunc f(a int) int {}\nfunc (s *S) g() { x() }\n", "f! g"),
        ("rust", "fn f(a: i32) -> i32 {}\nimpl S { fn g(&self) { todo!() } }\ntrait T { fn h(); }", "f! S g! T h!"),
        ("ruby", "class A\n  def f(x)\n  end\n  def self.g; 1; end\nend\n", "A f! g"),
        ("php", "<?php\nfunction f($a) {}\nclass A { function g() { return 1; } }", "f! A g"),
        ("shellscript", "f() {\n  :\n}\nfunction g { echo; }\n", "f! g"),
        ("lua", "function f(a)\nend\nlocal function g() return 1 end\nfunction M.h() end\n", "f! g M.h!"),
        ("kotlin", "fun f(a: Int): Int {}\nclass A { fun g() = 1\n fun h() { TODO() } }", "f! A g h!"),
        ("scala", "object A { def f(a: Int): Int = ???\n def g() = { 1 } }", "A f! g"),
        ("swift", "func f(a: Int) -> Int {}\nclass A { func g() { x() } }", "f! A g"),
    ],
)
def test_every_definition_is_found_and_an_empty_one_is_known(language: str, text: str, expected: str) -> None:
    """``!`` marks what is still to be written."""
    assert " ".join(found.name + "!" * found.is_empty for found in outline(language, text)) == expected


def test_a_definition_begins_with_its_decorators_and_its_body_is_told() -> None:
    text = "# é\n@first\n@second\ndef f(a):\n    return a\n\nx = 1\n"
    (found,) = outline("python", text)
    assert text[found.start : found.end] == "@first\n@second\ndef f(a):\n    return a"
    assert found.body is not None and text[found.body[0] : found.body[1]] == "return a"
    (exported,) = outline("javascript", "export const f = () => { }\n")
    assert (exported.start, exported.end) == (0, 26)


def test_what_encloses_a_place_comes_innermost_first() -> None:
    text = "class A:\n    def f(self):\n        def g():\n            return 1\n        return g\n"
    names = [found.name for found in enclosing(parsed("python", text), text.index("return 1"))]
    assert names == ["g", "f", "A"]
    assert enclosing(parsed("python", "x = 1\n"), 2) == ()


def test_a_text_that_does_not_parse_has_what_can_be_told() -> None:
    assert [found.name for found in outline("python", "def g():\n    return 1\n\ndef f(:\n    x = \n")][:1] == ["g"]
    assert outline("json", '{"a": 1}') == []


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "class A(Protocol):\n    def f(self): ...\n@abc.abstractmethod\ndef g(): ...\n", "f g"),
        ("python", "@overload\ndef f(a: int): ...\ndef f(a): ...\n", "f"),
        ("typescript", "interface I { f(): void }\nabstract class A { abstract g(): void; h() {} }\n", "f g"),
        ("typescript", "function f(a: string): void;\nfunction f(a: any) {}\n", "f"),
        ("java", "interface I {\n    void f();\n    default void g() { }\n}\n", "f"),
        ("c", "int f(int a);\nchar *g(void);\nint x;\nint h(void) { }\n", "f g"),
        ("cpp", "class A {\n  virtual int f() = 0;\n  int x;\n  int g() { }\n};\n", "f"),
        ("csharp", "abstract class A { abstract void F(); void G() { } }\n", "F"),
        ("go", "package a\n\ntype I interface {\n\tF() int\n}\n", "F"),
        ("rust", "trait T {\n    fn f();\n    fn g() { todo!() }\n}\n", "f"),
        ("php", "<?php\ninterface I { function f(); }\nclass A { function g() { } }\n", "f"),
        ("kotlin", "interface I {\n    fun f(): Int\n    fun g(): Int { }\n}\n", "f"),
        ("scala", "trait T {\n  def f: Int\n  def g: Int = ???\n}\n", "f"),
        ("swift", "protocol P {\n    func f()\n}\n", "f"),
    ],
)
def test_what_is_to_have_no_body_is_known(language: str, text: str, expected: str) -> None:
    assert " ".join(found.name for found in outline(language, text) if found.is_abstract) == expected


@pytest.mark.parametrize(
    ("language", "marked", "name"),
    [
        ("python", "def f(a):\n‸    return a\n", "f"),
        ("python", "‸    \ndef f(a):\n    return a\n", ""),
        ("python", "def f(a):\n    ‸\n", "f"),
        ("python", "def f(a):\n    return a\n‸\n", ""),
        ("python", "class A:\n    def f(a):\n        pass\n    ‸\n", "A"),
        ("python", "@dec‸o\ndef f():\n    pass\n", "f"),
        ("rust", "#[inl‸ine]\nfn f() {}\n", "f"),
        ("typescript", "interface I {\n  f(): void;‸\n}\n", "f"),
        ("javascript", "export const f‸ = () => {};\n", "f"),
        ("javascript", "module.exports.f = function () { ‸ };\n", "module.exports.f"),
        ("javascript", "const o = { f: function () {‸} };\n", "f"),
        ("lua", "M.f = function()\n  ‸\nend\n", "M.f"),
        ("python", "def broken(:\n    x = [1,\n\ndef f(a):\n    pa‸ss\n", "f"),
        ("python", "def f(a):\n    pa‸ss\n\nx = {'a': (\n", "f"),
        ("python", "class A:\n    def g(self:\n        x = (\n\n    def f(self):\n        p‸ass\n", "f"),
        ("java", "class A {\n    int g( {\n    }\n\n    int f() {\n        ‸\n    }\n}\n", "f"),
        ("go", "package a\n\nfunc g( {\n}\n\nfunc f() {\n\t‸\n}\n", "f"),
        ("python", "", ""),
    ],
)
def test_a_place_belongs_to_what_a_person_would_say(language: str, marked: str, name: str) -> None:
    text = marked.replace("‸", "")
    around = enclosing(parsed(language, text), max(0, marked.find("‸")))
    assert (around[0].name if around else "") == name


def test_a_docstring_and_what_may_be_written_anew() -> None:
    text = 'def f(a):\n    """Say."""\n    # soon\n'
    (found,) = outline("python", text)
    assert found.docstring is not None and text[slice(*found.docstring)] == '"""Say."""'
    assert found.inside is not None and text[slice(*found.inside)] == '\n    """Say."""\n    # soon'
    assert found.is_unwritten
    (found,) = outline("javascript", "function f() { x() }")
    assert found.inside == (14, 19) and not found.is_unwritten
    (found,) = outline("kotlin", "fun f() = TODO()")
    assert found.inside is None and found.is_unwritten


@pytest.mark.parametrize(
    ("language", "body", "is_empty"),
    [
        ("python", "return NotImplemented", False),
        ("python", "raise NotImplementedError('soon')", True),
        ("python", "print('TODO')", False),
        ("java", 'throw new UnsupportedOperationException("later");', True),
        ("java", 'throw new IllegalArgumentException("TODO list is empty");', False),
        ("java", 'throw new RuntimeException("TODO");', True),
        ("java", "return null;", False),
        ("go", 'panic("not implemented")', True),
        ("go", 'panic("no file")', False),
        ("swift", 'fatalError("init(coder:) has not been implemented")', True),
    ],
)
def test_what_says_that_something_is_still_to_be_written(language: str, body: str, is_empty: bool) -> None:
    forms = {
        "python": "def f():\n    {}\n",
        "java": "class A {{ int f() {{ {} }} }}\n",
        "go": "package a\n\nfunc f() {{\n\t{}\n}}\n",
        "swift": "func f() {{\n    {}\n}}\n",
    }
    assert outline(language, forms[language].format(body))[-1].is_empty == is_empty
