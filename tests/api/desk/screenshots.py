"""`python -m tests.api.desk.screenshots FOLDER`: the pictures of docs/desk.md, of the demo's store.

Chromium draws them; `just screenshots` puts them into docs/images.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from estimates_jobs.demo.week import play
from tests.api.served import serving

_SET = "/sets/sp500-close"
PICTURES = {
    "desk-set": (_SET, "light", 820),
    "desk-verdict": (f"{_SET}/verdicts/5", "light", 900),
    "desk-diff": (f"{_SET}/diff/4/6", "light", 960),
    "desk-key": (f"{_SET}/keys/AAPL/2021-12-30", "dark", 940),
}


def take(folder: Path) -> None:
    """Play the demo's week, serve it, and write each picture."""
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "store"
        play(str(store), quiet=True)
        with serving(store) as url, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            for name, (path, scheme, height) in PICTURES.items():
                page = chromium.new_page(
                    viewport={"width": 1180, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                )
                page.goto(f"{url}{path}")
                page.wait_for_selector("main [role=status]", state="detached")
                page.screenshot(path=folder / f"{name}.png")
            chromium.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]))
