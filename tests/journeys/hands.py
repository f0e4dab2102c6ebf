"""How a person works a page: with the mouse, or with nothing but the keyboard. Journeys are told once for both."""

from typing import Protocol

from playwright.sync_api import Locator, Page, expect

MOST_TABS = 200
IS_FOCUSED = "element => element === document.activeElement"
SHOWS_FOCUS = """element => {
    const shows = found => {
        const style = getComputedStyle(found);
        return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    };
    return element.matches(':focus-visible') && shows(element);
}"""


class Hand(Protocol):
    """`press` a button, `follow` what leads to another page, `write` replaces what stands in a field."""

    def press(self, target: Locator) -> None: ...

    def follow(self, target: Locator) -> None: ...

    def write(self, target: Locator, text: str) -> None: ...

    def tick(self, target: Locator) -> None: ...

    def choose(self, target: Locator, label: str) -> None: ...


class Mouse:
    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        target.click()

    def follow(self, target: Locator) -> None:
        with self.page.expect_navigation():
            self.press(target)

    def write(self, target: Locator, text: str) -> None:
        target.fill(text)

    def tick(self, target: Locator) -> None:
        target.check()

    def choose(self, target: Locator, label: str) -> None:
        target.select_option(label=label)


class Keyboard:
    """Tab until the focus is there and can be seen, then Enter, Space or letters. The mouse is never moved."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        self.reach(target)
        self.page.keyboard.press("Enter")

    def follow(self, target: Locator) -> None:
        with self.page.expect_navigation():
            self.press(target)

    def write(self, target: Locator, text: str) -> None:
        self.reach(target)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)

    def tick(self, target: Locator) -> None:
        self.reach(target)
        self.page.keyboard.press("Space")
        expect(target).to_be_checked()

    def choose(self, target: Locator, label: str) -> None:
        self.reach(target)
        self.page.keyboard.type(label)
        expect(target.locator("option:checked")).to_have_text(label)

    def reach(self, target: Locator) -> None:
        """Tab forward (past the end the browser begins anew) until `target` has the focus."""
        expect(target).to_be_visible()
        for _ in range(MOST_TABS):
            if target.evaluate(IS_FOCUSED):
                break
            self.page.keyboard.press("Tab")
        expect(target).to_be_focused()
        assert target.evaluate(SHOWS_FOCUS), f"nobody sees that {target} has the focus"


HANDS: dict[str, type[Mouse] | type[Keyboard]] = {"mouse": Mouse, "keyboard": Keyboard}
