"""The desk in a browser, Debian's Chromium: by clicking, without scripts, by keyboard, on a phone.

`.ci/run` installs it (`apt-get install chromium`); where it is missing these tests say so.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.api.served import serving
from tests.builders import define, make_store, promoted, publish

pytest_plugins = ("tests.api.fixtures",)
pytestmark = pytest.mark.slow

WAIT_MS = 30_000  # for a page that waits for its answers: others use the machine, too
SHOWN = (
    "/",
    "/sets/closes",
    "/sets/closes/versions/4",
    "/sets/closes/verdicts/2",
    "/sets/closes/diff/1/4",
    "/sets/closes/keys/AAPL/2024-06-03",
    "/sets/closes/stability",
    "/events",
    "/sets/closes/keys",
    "/sets/closes/accuracy",
    "/docs",
    "/keys?q=AA",
)
# In one scheme each: the two tests of looks take opposite ones.
SCHEMES = ("light", "dark") * (len(SHOWN) // 2)
expect.set_options(timeout=WAIT_MS)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A page of the browser that notes what must not happen: console errors, other hosts."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.context = browser.new_context(base_url=url, **options)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("console", lambda m: self._note(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on(
            "request", lambda r: None if r.url.startswith(url) else self._note(f"asks {r.url}")
        )
        self.page.on(
            "response", lambda r: None if r.status < 400 else self._note(f"{r.status} {r.url}")
        )

    def _note(self, fault: str) -> None:
        self.faults.append(fault)

    def click(self, name: str) -> None:
        """Follow the first link of this name."""
        self.follow(self.page.get_by_role("link", name=name, exact=True).first)

    def follow(self, link: Locator) -> None:
        """Click it, and wait for the page it leads to, on which all scripts have run."""
        target = urljoin(self.page.url, link.get_attribute("href"))
        link.click()
        self.page.wait_for_url(lambda url: url == target)

    def send(self, name: str) -> None:
        """Send the last form with this button, and wait for the page that answers."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).last.click()

    def title(self) -> str:
        """The first words of the page."""
        return self.page.locator("h1").inner_text()


@pytest.mark.parametrize("scripts", [True, False])
def test_every_page_is_reached_by_clicking(
    browser: Browser, server: httpx.Client, scripts: bool
) -> None:
    """From `/` to a verdict, a key, a diff, the events: no error, no other host, no script."""
    visit = Visit(browser, str(server.base_url), java_script_enabled=scripts)
    visit.page.goto("/")
    visit.click("closes")
    assert visit.title() == "closes"
    visit.click("version 5")
    visit.click("Verdict")
    assert "blocked" in visit.title()
    visit.click("Compare with version 4")
    assert visit.title() == "Version 4 to version 5"
    visit.click("closes")
    visit.click("version 4")
    visit.click("AAPL")
    assert "AAPL" in visit.title()
    visit.click("closes")
    visit.click("Stability")
    visit.click("closes")
    visit.click("Accuracy")
    visit.click("Events")
    assert visit.title() == "What happened"
    visit.page.get_by_label("Kind").select_option("rolled_back")
    visit.send("Show")
    expect(visit.page.locator("tbody tr")).to_have_count(1)
    assert visit.faults == []
    visit.context.close()


def test_two_versions_are_chosen_from_menus(browser: Browser, server: httpx.Client) -> None:
    """The form of the menus leads to the diff of what was chosen."""
    visit = Visit(browser, str(server.base_url), java_script_enabled=False)
    visit.page.goto("/sets/closes/diff")
    visit.page.get_by_label("From").select_option("1")
    visit.page.get_by_label("to", exact=True).select_option("4")
    visit.send("Compare")
    assert visit.title() == "Version 1 to version 4"
    assert visit.page.url.endswith("/sets/closes/diff/1/4")
    assert visit.faults == []
    visit.context.close()


def test_the_moment_is_set_for_all_pages(browser: Browser, server: httpx.Client) -> None:
    """One field sets the moment, links keep it, and one link leads back to now."""
    visit = Visit(browser, str(server.base_url))
    now = server.get("/v1/events?order=newest&limit=1").json()["events"][0]["at"]
    visit.page.goto(f"/?as_of={now}")
    visit.click("closes")
    assert "as_of=" in visit.page.url
    visit.click("Show now")
    assert "as_of=" not in visit.page.url
    assert visit.faults == []
    visit.context.close()


@pytest.mark.parametrize(("path", "scheme"), list(zip(SHOWN, SCHEMES, strict=True)))
def test_pages_fit_a_phone(browser: Browser, server: httpx.Client, path: str, scheme: Any) -> None:
    """At 390 px nothing but tables and pictures scrolls sideways, in light and in dark."""
    visit = Visit(
        browser,
        str(server.base_url),
        viewport={"width": 390, "height": 800},
        color_scheme=scheme,
    )
    visit.page.goto(path)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    paper = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    assert visit.faults == []
    visit.context.close()


@pytest.mark.parametrize(("path", "scheme"), list(zip(SHOWN, SCHEMES[::-1], strict=True)))
def test_axe_finds_nothing_serious(
    browser: Browser, server: httpx.Client, path: str, scheme: Any
) -> None:
    """Landmarks, labels, contrast, names of links: axe-core has nothing serious to say."""
    visit = Visit(browser, str(server.base_url), color_scheme=scheme)
    visit.page.goto(path)
    violations = Axe().run(visit.page).response["violations"]
    serious = [
        (violation["id"], [node["html"][:200] for node in violation["nodes"][:3]])
        for violation in violations
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []
    visit.context.close()


def test_a_promotion_appears_without_a_reload(browser: Browser, tmp_path: Path) -> None:
    """What happens while a page is open stands there soon, and the page was not loaded again."""
    store = make_store(tmp_path / "store")
    define(store)
    promoted(store, "one", 100.0, day=0)
    publish(store, "two", 101.0, day=1)
    store.judge("closes", 2)
    with serving(Path(store.root)) as url:
        visit = Visit(browser, url)
        visit.page.goto("/sets/closes")
        visit.page.evaluate("window.first = true")
        store.promote("closes", 2, reason="while somebody looks")
        visit.page.get_by_text("while somebody looks").wait_for()
        assert visit.page.evaluate("window.first") is True
        assert visit.faults == []
        visit.context.close()
    store.catalog.engine.dispose()


def test_the_six_questions(browser: Browser, server: httpx.Client) -> None:
    """Somebody who has never seen the store finds out by clicking alone which set needs somebody
    and why, why a version was refused, what changed most, what was said of a key and how wrong it
    was, who rolled back and when, and how to read it from R.
    """
    visit = Visit(browser, str(server.base_url), timezone_id="America/New_York")
    visit.page.goto("/")
    assert "need" in visit.title()
    assert "closes" in visit.page.locator("tbody tr").first.inner_text()
    visit.click("closes")
    row = visit.page.locator("tr", has_text="version 5")
    visit.follow(row.get_by_role("link", name="blocked"))
    assert "blocked" in visit.title()
    visit.page.locator("article.check").first.wait_for()
    visit.click("Compare with version 4")
    visit.page.locator("#changes ~ .wide tbody tr").first.wait_for()
    visit.click("closes")
    visit.click("Stability")
    visit.follow(visit.page.get_by_label("Heat map").get_by_role("link").first)
    visit.page.locator("#history ~ .wide tbody tr").nth(1).wait_for()
    _says_the_zone_of_the_reader(visit.page)
    visit.click("closes")
    assert "rolled back" in visit.page.locator("#happened ~ .wide").inner_text()
    visit.click("Events")
    visit.page.get_by_label("Kind").select_option("rolled_back")
    visit.send("Show")
    happened = visit.page.locator("tbody tr").inner_text()
    assert all(word in happened for word in ("tester", "looked wrong", "20"))
    visit.click("closes")
    reading = visit.page.locator("section", has=visit.page.locator("#reading")).inner_text()
    assert "read.csv" in reading
    assert visit.faults == []
    visit.context.close()


def _says_the_zone_of_the_reader(page: Page) -> None:
    """On hover each time has it, and so has a mark of a picture whose words name a time."""
    titles = page.locator("time").evaluate_all("all => all.map(each => each.title)")
    assert len(titles) > 4
    assert [title for title in titles if not title.endswith(("EST", "EDT"))] == []
    page.locator("svg.plot a circle").first.hover()
    expect(page.locator(".bubble")).to_have_text(re.compile("E[SD]T$"))


def test_a_bar_is_clicked(browser: Browser, server: httpx.Client) -> None:
    """A mark says at once what it is, and leads to its keys."""
    visit = Visit(browser, str(server.base_url))
    visit.page.goto("/sets/closes/diff/1/4")
    visit.page.locator("svg.plot a rect").first.hover()
    expect(visit.page.locator(".bubble")).to_contain_text("key")
    visit.follow(visit.page.locator("svg.plot a").first)
    assert "within=" in visit.page.url
    visit.page.locator("#changes ~ .wide tbody tr").first.wait_for()
    assert visit.faults == []
    visit.context.close()


def test_a_route_is_tried(browser: Browser, server: httpx.Client) -> None:
    """/docs offers set names and keys, and formats the answer."""
    visit = Visit(browser, str(server.base_url))
    visit.page.goto("/docs")
    route = visit.page.locator('[data-path="/v1/sets/{set}/estimates/{key}"]').first
    route.locator("summary").click()
    route.get_by_label("set", exact=True).fill("closes")
    route.get_by_label("key", exact=True).press_sequentially("AAPL/2024-06")
    offered = visit.page.locator("datalist option[value='AAPL/2024-06-03']")
    offered.wait_for(state="attached")
    route.get_by_label("key", exact=True).fill("AAPL/2024-06-03")
    route.get_by_role("button", name="Send").click()
    route.get_by_text('"version": 4').wait_for()
    assert visit.faults == []
    visit.context.close()


def test_the_keyboard_is_enough(browser: Browser, server: httpx.Client) -> None:
    """The first stop leads past the bar, and every link and field can be reached and is seen."""
    visit = Visit(browser, str(server.base_url))
    visit.page.goto("/sets/closes")
    visit.page.keyboard.press("Tab")
    assert visit.page.locator(":focus").inner_text() == "To the content"
    visit.page.keyboard.press("Enter")
    visit.page.keyboard.press("Tab")
    assert visit.page.locator(":focus").inner_text() == "Sets"
    outline = visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/")
    assert visit.faults == []
    visit.context.close()
