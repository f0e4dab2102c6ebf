"""A browser page that remembers what went wrong on it, and can be asked whether it is accessible."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, Response

AXE = Path(__file__).parent / "vendor" / "axe-core@4.14.1" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LAYOUTS = 20  # chances for a window just made narrower to be laid out anew on a busy machine
SETTLE = """async () => {
    // A transition that ends may begin another in what inherits from it, so until two frames pass without any.
    for (let quiet = 0; quiet < 2; quiet++) {
        await new Promise(requestAnimationFrame);
        const ending = document.getAnimations().filter(a => a.effect.getComputedTiming().endTime !== Infinity);
        ending.forEach(a => a.finish());
        if (ending.length) quiet = -1;
    }
}"""
RUN_AXE = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"


class Watched:
    """Wraps a Playwright page; `troubles` are console errors, script errors, refused or failed requests."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.troubles: list[str] = []
        self._leaving = False
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(f"script error: {error}"))
        page.on("requestfailed", self._failed)

    def open(self, path: str, status: int = 200) -> Response:
        """Go to `path` of the portal; the answer must have `status`."""
        response = self.page.goto(path)
        assert response is not None
        assert response.status == status, f"{path} answered {response.status}"
        if status >= 400:
            self.forgive(status)
        return response

    def forgive(self, status: int) -> None:
        """A page was expected to answer with `status`, which Chromium reports as a console error."""
        self.troubles = [trouble for trouble in self.troubles if f"status of {status}" not in trouble]

    def settle(self) -> None:
        """Colours and sizes are those of the scheme and the window just chosen, not on their way there."""
        self.page.evaluate(SETTLE)

    def assert_quiet(self) -> None:
        """No console error, no script error, nothing refused by the content security policy."""
        assert not self.troubles, "\n".join(self.troubles)

    def assert_fits(self) -> None:
        """Nothing sticks out of the window sideways."""
        for _ in range(LAYOUTS):
            over = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if over <= 0:
                return
            self.settle()
        pytest.fail(f"{self.page.url} is {over} px too wide: {self._widest()}")

    def assert_axe_clean(self) -> None:
        """axe finds no violation; every finding is told with its element."""
        found = violations(self.page)
        assert not found, f"{self.page.url}\n" + "\n".join(found)

    def _widest(self) -> Any:
        return self.page.evaluate(
            """() => [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
                .slice(0, 5).map(e => e.tagName + '.' + e.className)"""
        )

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # left the page before it was loaded
            self.troubles.append(f"request failed: {request.url} {request.failure}")


def violations(page: Page) -> list[str]:
    """What axe finds, one line an element. The source is evaluated, so the page's policy need not allow it."""
    if not page.evaluate("'axe' in window"):  # it stays until the page is left
        page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate(RUN_AXE, TAGS)
    return [
        f"{found['id']} ({found['impact']}): {node['html'][:200]} — {node['failureSummary'].splitlines()[-1].strip()}"
        for found in result["violations"]
        for node in found["nodes"]
    ]
