"""Source text for the benchmarks' tests."""

from __future__ import annotations

from fimble.bench.corpus import SourceFile

FUNCTION = '''
def {name}(items, limit):
    """Return the first items, {name} at most."""
    found = []
    for item in items:
        if item.size < limit:
            found.append(item)
        else:
            print("too large", item)

    return found

'''
TEXT = '"""A module."""\n\nimport sys\n' + "".join(
    FUNCTION.format(name=name) for name in ("alpha", "beta", "gamma", "delta")
)


def files(num: int = 3) -> tuple[SourceFile, ...]:
    """Files of about fifty lines."""
    return tuple(SourceFile(f"pkg/module{number}.py", "python", TEXT) for number in range(num))
