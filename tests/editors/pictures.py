"""Takes the pictures of the documents in the real editor: ``make pictures``."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image

from fimble.config import home
from tests.editors.programs import code_server
from tests.editors.vscode.code_server import CodeServer, with_extension
from tests.editors.vscode.conftest import packed
from tests.editors.vscode.measure import window_on
from tests.editors.vscode.window import Window

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs/images"
MEDIA = ROOT / "vscode-client/media"
NUM_COLOURS = 64
SIZE = {"width": 860, "height": 420}
SETTINGS = {
    "editor.fontSize": 15,
    "editor.minimap.enabled": False,
    "editor.lightbulb.enabled": "off",
    "workbench.activityBar.location": "hidden",
    "window.commandCenter": False,
    "workbench.layoutControl.enabled": False,
    "breadcrumbs.enabled": False,
}

SHOP = '''\
@dataclass
class Item:
    price: float
    quantity: int


def total_price(items: list[Item]) -> float:
    """Sum of price times quantity."""
    '''


def ghost(window: Window) -> None:
    window.end()
    window.type("return ")
    window.wait_ghost("sum")


def actions(window: Window) -> None:
    window.end()
    window.press("ArrowUp", "ArrowUp", "Home", "Control+.")
    window.page.locator(".action-widget .monaco-list-row", has_text="Implement").first.wait_for()


def menu(window: Window) -> None:
    window.page.locator('[id="fimble.fimble.fimble"]').click()
    window.page.locator(".quick-input-list .monaco-list-row").first.wait_for()


def why(window: Window) -> None:
    ghost(window)
    window.press("Alt+Shift+\\")
    window.wait_message("There was a suggestion")


PICTURES: dict[str, tuple[str, Callable[[Window], None]]] = {
    "ghost": (SHOP, ghost),
    "actions": (SHOP, actions),
    "menu": (SHOP, menu),
    "why": (SHOP, why),
}
IN_EXTENSION = {"ghost": (620, 230), "actions": (620, 310)}
"""Width and height of those that the extension carries: it has to stay small."""


def save(picture: Image.Image, file: Path) -> None:
    """With a palette: a third of the size, and nothing that could be seen is lost."""
    picture.convert("RGB").quantize(NUM_COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def main() -> None:
    """Write each picture into ``docs/images``, and those that the extension shows into its own folder too."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        own = {"fimble.server.path": str(Path(sys.executable).with_name("fimble")), "fimble.recordAcceptance": False}
        program = code_server.find()
        extensions = with_extension(program, packed(), folder)
        settings = {**SETTINGS, **own}
        server = CodeServer(program, folder / "vscode", extensions, settings, {"FIMBLE_HOME": str(home())})
        with server:
            for name, (text, act) in PICTURES.items():
                place = folder / name
                place.mkdir()
                with window_on(server, place, text) as window:
                    window.page.set_viewport_size({"width": SIZE["width"], "height": SIZE["height"]})
                    window.wait_ready()
                    window.press("Control+b")
                    act(window)
                    window.page.wait_for_timeout(500)
                    picture = Image.open(BytesIO(window.page.screenshot()))
                    save(picture, IMAGES / f"vscode-{name}.png")
                    if name in IN_EXTENSION:
                        save(picture.crop((0, 0, *IN_EXTENSION[name])), MEDIA / f"{name}.png")


if __name__ == "__main__":
    main()
