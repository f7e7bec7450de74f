"""What chunks use."""

from __future__ import annotations

import pytest

from fimble.index.chunks import cut
from fimble.index.records import Reference, Use
from fimble.syntax.languages import LANGUAGES


def used(language: str, text: str, qualified: str) -> list[str]:
    """``name()``, ``<name>`` for a base, or ``name``; with what stands before the dot."""
    content = cut("a.x", LANGUAGES[language], text)
    chunk = next(one for one in content.chunks if one.qualified == qualified)
    return [_shown(one) for one in chunk.references]


def _shown(one: Reference) -> str:
    name = f"{one.qualifier}.{one.name}" if one.qualifier else one.name
    return {Use.CALL: f"{name}()", Use.BASE: f"<{name}>", Use.NAME: name}[one.use]


PYTHON = """\
from b import helper, open
class A(Base, mod.Other, metaclass=Meta):
    x: Kind = make()
    def f(self, a: Arg, b=DEFAULT):
        c = helper(a, key=b)
        self.client.upload(c)
        for i in range(3):
            len(i); os.path.join(c); get().chain(self.size)
        with open(c) as d:
            d.read()
        def inner(q):
            outer_use(q, c)
            return super().f(q)
        return [z.y for z in inner]
"""


@pytest.mark.parametrize(
    ("language", "text", "qualified", "expected"),
    [
        ("python", PYTHON, "A", "<Base> mod <mod.Other> Meta Kind make()"),
        (
            "python", PYTHON, "A.f",
            "Arg DEFAULT helper() self.client self.client.upload() os os.path os.path.join() get() ?.chain() self.size "
            "open() d.read() z.y inner",
        ),
        ("python", PYTHON, "A.f.inner", "outer_use() super.f()"),
        ("python", "def f():\n    return f'{value.name} text {call(1)}'  # comment\n", "f", "value value.name call()"),
        (
            "typescript",
            "export class A extends B<T> implements C {\n  go(x: D): E {\n    const y = new F(x);\n"
            "    this.api.send<G>(y)?.then(h);\n    return y as I;\n  }\n}\n",
            "A.go", "D E F() this.api this.api.send() G ?.then() h I",
        ),
        ("typescript", "class A extends B implements C {\n}\n", "A", "<B> <C>"),
        ("tsx", "const F = () => {\n  return <Card title={name}/>\n}\n", "F", "Card() name"),
        (
            "go", "func f(a Kind) {\n\tx := load(a)\n\tfmt.Println(x, pkg.Limit)\n}\n", "f",
            "Kind load() fmt fmt.Println() pkg pkg.Limit",
        ),
        ("go", "type S struct {\n\tBase\n\tname Kind\n}\n", "S", "<Base> Kind"),
        (
            "rust", "fn f() {\n  let v = a::b::load(1);\n  mac!(v);\n  v.run();\n}\n", "f",
            "a a.b a.b.load() mac() v.run()",
        ),
        ("java", "class A extends B implements C {\n  int x;\n}\n", "A", "<B> <C>"),
        ("cpp", "void f() {\n  p->run(1);\n  ns::go(2);\n}\n", "f", "p p.run() ns ns.go()"),
        ("ruby", "class A < B\n  def f(x)\n    Foo::Bar.make(x)\n  end\nend\n", "A.f", "Foo Foo.Bar Foo.Bar.make()"),
        ("bash", "f() {\n  other --x\n}\n", "f", "other()"),
    ],
)  # fmt: skip
def test_uses_of_names(language: str, text: str, qualified: str, expected: str) -> None:
    assert used(language, text, qualified) == expected.split()


def test_a_name_is_counted_once_and_a_call_says_more_than_a_name() -> None:
    assert used("python", "def f():\n    a; a(); a; a()\n    return b\n", "f") == ["a()", "b"]


def test_statements_outside_of_definitions_use_names_too() -> None:
    assert used("python", "LIMIT = compute(1)\nOTHER = LIMIT + base\n", "LIMIT") == ["compute()", "base"]
