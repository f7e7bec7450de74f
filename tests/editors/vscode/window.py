"""One window of VS Code, as a person sees and uses it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as TookTooLong

PATIENCE_S = 120.0
"""Much longer than anything takes: other programs may be busy too."""
SET_UP_PATIENCE_S = 250.0
"""The same for an environment that is made, with all that serving needs."""
SETTLED_MS = 1500
"""A window has mostly read its workspace by then."""
LIST_S = 3.0
"""Longer than a list takes to open, or to find a command."""
AGAIN_AFTER_S = 10.0
"""Much longer than any answer takes."""
GHOST = """() => {
  const outermost = [...document.querySelectorAll('.monaco-editor [class*="ghost-text"]')]
    .filter(e => !e.parentElement.closest('[class*="ghost-text"]'));
  const lines = new Map();  // line on the screen -> what of it is ghost text
  for (const each of outermost)
    for (const part of each.querySelectorAll('.view-line').length ? each.querySelectorAll('.view-line') : [each]) {
      const line = part.closest('.view-line') ?? part;
      lines.set(line, (lines.get(line) ?? '') + part.textContent);
    }
  const top = line => line.getBoundingClientRect().top;
  return [...lines].sort(([one], [other]) => top(one) - top(other)).map(([, text]) => text).join('\\n');
}"""
STILL_GHOST = f"""async () => {{
  let ghost = ({GHOST})();
  for (let seen = null, rounds = 0; ghost && ghost !== seen && rounds < 20; ghost = ({GHOST})(), rounds++) {{
    seen = ghost;
    await new Promise(done => setTimeout(done, 50));
  }}
  return ghost;
}}"""
"""VS Code draws lines below the cursor's some frames before it draws the rest of that: what is read must be whole."""


class Window:
    """Waits are for conditions, never for a time."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page, self.file = page, file
        self._bell = page.locator('[id="status.notifications"] .codicon-bell-dot')
        """There where some notifications are new, on the screen or hidden."""
        self._rows = page.locator(".quick-input-widget:visible .monaco-list-row")
        """Of the list that is open at the top of the window."""
        self._typed = ""
        """The last letter that was typed, if no other key has been pressed since."""

    def wait_open(self) -> None:
        """Wait until the file is in the editor."""
        name = re.compile(re.escape(self.file.name))
        self.page.locator(".tab", has_text=name).first.wait_for(timeout=PATIENCE_S * 1000)
        self.page.locator(".monaco-editor .view-lines").first.wait_for(timeout=PATIENCE_S * 1000)

    def wait_folders(self) -> None:
        """Wait until the folders of the workspace are there.

        In a browser VS Code may read a workspace's file before it can read files at all, and then has no folders for
        good: a person loads the page again.
        """
        folders = self.page.locator(".explorer-folders-view .monaco-list-row")
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                return folders.first.wait_for(timeout=SETTLED_MS)
            except TookTooLong:
                assert time.monotonic() < deadline_s, f"the folders of the workspace; on screen: {self.seen()}"
            if self.page.get_by_text("You have not yet added a folder").count():
                self.page.reload()
                self.wait_open()

    def open(self, file: Path) -> None:
        """Save and close what is open, with all notifications, and open ``file`` by its path.

        What was open is emptied: the model is shown files of a while ago, and another half of the same text would
        tell it that nothing follows.
        """
        self.press("Escape", "Escape")
        if self.page.locator(".tab.active", has_text=self.file.name).count():
            self.focus()
            self.press("Control+a", "Delete")
        self.save()
        self.command("View: Close All Editors")
        self.until(lambda: not self.page.locator(".tab").count(), "all is closed")
        self.command("Notifications: Clear All Notifications")
        self.until(lambda: not self.messages, "no notifications")
        self.press("Control+p")
        self.ask(f"{file}~")  # so that the list of files that were open before is gone
        self.page.locator(".quick-input-list .monaco-list-row", has_text="No matching results").wait_for()
        self.ask(str(file))
        self.choose(file.name)
        self.file = file
        self.wait_open()
        keyboard = self.page.locator(".editor-instance .monaco-editor.focused, .notebookOverlay .focused")
        keyboard.first.wait_for(timeout=PATIENCE_S * 1000)

    def until(self, holds: Callable[[], object], message: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until ``holds`` returns something that counts as true."""
        deadline_s = time.monotonic() + patience_s
        while not holds():
            assert time.monotonic() < deadline_s, f"{message}; on screen: {self.seen()}"
            self.page.wait_for_timeout(30)

    def until_after(self, act: Callable[[], object], holds: Callable[[], object], message: str) -> None:
        """Do ``act`` and wait until ``holds``. Where nothing comes, do it again: a server that shares its processor
        with others gives up some answers, and a person then tries once more."""
        tried_s = -AGAIN_AFTER_S

        def look() -> bool:
            nonlocal tried_s
            if not holds() and time.monotonic() - tried_s > AGAIN_AFTER_S:
                act()
                tried_s = time.monotonic()
            return bool(holds())

        self.until(look, message)

    def seen(self) -> str:
        """What a person reads, for the message of a failure."""
        return f"ghost {self.ghost!r}, status {self.status!r}, messages {self.messages}, text {self.screen_text!r}"

    @property
    def ghost(self) -> str:
        """The ghost text on the screen."""
        text: str = self.page.evaluate(STILL_GHOST)
        return text.replace("\u00a0", " ")

    @property
    def flash(self) -> str:
        """What of ghost text is on the screen at this very moment."""
        text: str = self.page.evaluate(GHOST)
        return text.replace("\u00a0", " ")

    @property
    def screen_text(self) -> str:
        """The lines of the editor that are on the screen, ghost text included."""
        lines = self.page.locator(".editor-instance .view-lines .view-line")
        return "\n".join(text.replace("\u00a0", " ") for text in lines.all_inner_texts())

    @property
    def status(self) -> str:
        """fimble's item in the status bar."""
        found = self.page.locator('[id="fimble.fimble.fimble"]')
        return found.first.inner_text().strip() if found.count() else ""

    @property
    def terminal(self) -> str:
        """The lines of the terminal that are on the screen, without their ends: a long line is several of them."""
        rows = self.page.locator(".terminal-wrapper.active .xterm-rows > div")
        return "".join(text.replace("\u00a0", " ") for text in rows.all_inner_texts())

    @property
    def messages(self) -> list[str]:
        """The notifications on the screen."""
        found = self.page.locator(".notification-list-item-message")
        return [text.strip() for text in found.all_inner_texts()]

    def wait_status_bar(self, text: str) -> None:
        """Wait for a word in the status bar."""
        self.until(self.page.locator(".statusbar-item", has_text=text).count, f"{text!r} in the status bar")

    def wait_ready(self, patience_s: float = PATIENCE_S) -> None:
        """Wait until the model is loaded."""
        self.until(lambda: re.search(r"fimble: (CPU|CUDA)", self.status), "fimble is ready", patience_s)

    def wait_ghost(self, containing: str = "") -> str:
        """Wait for ghost text, and return it."""
        return self.wait_ghost_that(lambda ghost: containing in ghost, f"ghost text with {containing!r}")

    def wait_ghost_that(self, fits: Callable[[str], bool], message: str) -> str:
        """Wait for ghost text that ``fits``, and return it. Where none comes, the last letter is typed anew, as in
        ``until_after``."""
        found, typed, asked_s = "", self._typed, time.monotonic()

        def look() -> bool:
            nonlocal found, asked_s
            found = self.ghost
            if not found and typed and time.monotonic() - asked_s > AGAIN_AFTER_S:
                self.press("Backspace", typed)
                asked_s = time.monotonic()
            return bool(found) and fits(found)

        self.until(look, message)
        return found

    def wait_no_ghost(self) -> None:
        self.until(lambda: not self.ghost, "no ghost text")

    def wait_message(self, text: str) -> Locator:
        """Wait for a notification, and return it. One that hides, as they do after a while, is brought up again."""
        found = self.page.locator(".notification-list-item", has_text=text)
        deadline_s = time.monotonic() + AGAIN_AFTER_S

        def is_hidden() -> bool:
            return bool(self._bell.count() and not self.messages) or time.monotonic() > deadline_s

        self.until(lambda: found.count() or is_hidden(), f"a message with {text!r}")
        if not found.count():
            self.command("Notifications: Show Notifications")
            self.until(lambda: found.count(), f"a message with {text!r}")
        return found.first

    def answer(self, text: str, button: str) -> None:
        """Press a button of a notification, which may hide at that very moment."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                message = self.wait_message(text)
                message.hover(timeout=AGAIN_AFTER_S * 1000)  # some buttons are there while one points at it
                return message.get_by_role("button", name=button).click(timeout=AGAIN_AFTER_S * 1000)
            except TookTooLong:
                assert time.monotonic() < deadline_s, f"the button {button!r}; on screen: {self.seen()}"

    def modal(self, text: str) -> Locator:
        """Wait for the dialog in the middle of the window, and return it."""
        found = self.page.locator(".monaco-dialog-box", has_text=text)
        found.wait_for(timeout=PATIENCE_S * 1000)
        return found

    def focus(self) -> None:
        """Put the keyboard into the editor."""
        self.page.locator(".monaco-editor .view-lines").first.click()

    def end(self) -> None:
        """Go to the end of the file."""
        self.focus()
        self.press("Control+End")

    def press(self, *keys: str) -> None:
        self._typed = ""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str, delay_ms: float = 30) -> None:
        self.page.keyboard.type(text, delay=delay_ms)
        self._typed = text[-1] if text[-1:].isalnum() else ""

    def command(self, title: str, *entries: str) -> None:
        """Run a command by its title, through the palette; and choose entries of the lists that it opens."""

        def begin() -> None:
            self.press("F1")
            self.ask(f">{title}")
            self._take(self._rows.filter(has=self.page.get_by_text(title, exact=True)), LIST_S)

        self._choose_after(begin, title, entries)

    def menu(self, *entries: str) -> None:
        """Choose entries of the lists that begin with the menu in the status bar."""
        item = self.page.locator('[id="fimble.fimble.fimble"]')
        self._choose_after(lambda: item.click(timeout=LIST_S * 1000), "the menu", entries)

    def _choose_after(self, begin: Callable[[], object], title: str, entries: tuple[str, ...]) -> None:
        """From the start where it fails: a list goes when something takes the keyboard, and what is filled in while
        the palette opens is lost now and then."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                begin()
                for entry in entries:
                    self.choose(entry, LIST_S)
                return
            except TookTooLong:
                assert time.monotonic() < deadline_s, f"{title!r} {entries}; on screen: {self.seen()}"
                self.press("Escape")

    def ask(self, text: str) -> None:
        """Fill the box above the list that opens."""
        box = self.page.locator(".quick-input-widget input").first
        box.wait_for(timeout=PATIENCE_S * 1000)
        box.fill(text)

    def choose(self, text: str, patience_s: float = PATIENCE_S) -> None:
        """Choose an entry of the list that is open."""
        self._take(self._rows.filter(has_text=text), patience_s)

    def _take(self, wanted: Locator, patience_s: float) -> None:
        """Go down to a row, and take it: a list moves while it opens, and a click would meet another row."""
        wanted.first.wait_for(timeout=patience_s * 1000)
        chosen = wanted.and_(self.page.locator(".focused"))
        deadline_s = time.monotonic() + patience_s
        while not self._stays(chosen):
            if time.monotonic() > deadline_s:
                raise TookTooLong("no such row can be chosen")
            self.press("ArrowDown")
        self.press("Enter")

    def _stays(self, chosen: Locator) -> bool:
        """Whether it is there, and is still there when the list has been drawn anew."""
        if not chosen.count():
            return False
        self.page.wait_for_timeout(30)
        return bool(chosen.count())

    def save(self) -> None:
        self.press("Control+s")
        dirty = self.page.locator(".tab.active.dirty")
        self.until(lambda: dirty.count() == 0, "the file is saved")

    def saved(self) -> str:
        """The text of the file, which is not empty, after it was saved: VS Code empties it before it writes."""
        self.save()
        self.until(self._is_written, "the file is written")
        return self.file.read_text()

    def _is_written(self) -> bool:
        before = self.file.read_bytes()
        self.page.wait_for_timeout(100)
        return before != b"" and self.file.read_bytes() == before
