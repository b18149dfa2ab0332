"""The browser of the tests that look at pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SWITCHES = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


@contextmanager
def chromium(*switches: str) -> Iterator[Browser]:
    """A browser while the block runs, with further switches of its command line."""
    assert os.path.exists(CHROMIUM), "missing: apt-get install -y --no-install-recommends chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=[*SWITCHES, *switches])
        yield started
        started.close()
