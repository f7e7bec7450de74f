"""What the model is told, kept short: half a billion parameters follow one plain sentence better than a page."""

from __future__ import annotations

from fimble.prompt.chat import Message, Role

SYSTEM = "You are a careful programmer. You answer with code only."


def implement(begun: str, language: str) -> tuple[Message, ...]:
    """Complete ``begun``: a signature, with its docstring or comment, and what stands before it."""
    return (
        Message(Role.SYSTEM, SYSTEM),
        Message(
            Role.USER,
            f"Complete this {language} code so that it does what it says. Give the whole code.\n"
            f"```{language}\n{begun.rstrip()}\n```",
        ),
    )


def write(instruction: str, language: str) -> tuple[Message, ...]:
    """Follow ``instruction``, in whatever language it is written."""
    return (
        Message(Role.SYSTEM, SYSTEM),
        Message(Role.USER, f"{instruction.strip()}\n\nWrite it in {language}."),
    )


def translate(source: str, language: str, to: str) -> tuple[Message, ...]:
    """Say ``source`` in another language."""
    return (
        Message(Role.SYSTEM, SYSTEM),
        Message(
            Role.USER,
            f"Translate this {language} code to {to}. Keep the names of its functions.\n"
            f"```{language}\n{source.rstrip()}\n```",
        ),
    )
