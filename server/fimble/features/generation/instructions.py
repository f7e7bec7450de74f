"""What the model is told, kept short: half a billion parameters follow one plain sentence better than a page.

No system message: the model's own template has the one that it was taught with. The words were chosen by what the
default model made of 120 small problems written for that purpose.
"""

from __future__ import annotations

from fimble.prompt.chat import Message, Role

_TITLES = {
    "cpp": "C++",
    "csharp": "C#",
    "css": "CSS",
    "html": "HTML",
    "javascript": "JavaScript",
    "json": "JSON",
    "php": "PHP",
    "sql": "SQL",
    "toml": "TOML",
    "tsx": "TypeScript",
    "typescript": "TypeScript",
    "yaml": "YAML",
}


def title_of(language: str) -> str:
    """How people write the name of a language."""
    return _TITLES.get(language, language.capitalize())


def fenced(code: str, language: str) -> str:
    """``code`` as a block of Markdown."""
    return f"```{language}\n{code.rstrip()}\n```"


def complete(begun: str, language: str) -> tuple[Message, ...]:
    """Write the body of the function in ``begun``, which shows what stands around it."""
    return (Message(Role.USER, f"Complete this {title_of(language)} function.\n{fenced(begun, language)}"),)


def write(instruction: str, language: str) -> tuple[Message, ...]:
    """Follow ``instruction``, in whatever language it is written."""
    return (Message(Role.USER, f"{instruction.strip()}\n\nWrite it in {title_of(language)}."),)


def translate(source: str, language: str, to: str) -> tuple[Message, ...]:
    """Say ``source`` in another language."""
    said = f"Translate this {title_of(language)} code to {title_of(to)}. Keep the names of its functions."
    return (Message(Role.USER, f"{said}\n{fenced(source, language)}"),)
