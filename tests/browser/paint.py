"""How long until something is seen, on a slow line and a slow device: ``python -m tests.browser.paint [--at ADDRESS]``.

As Lighthouse throttles: 1.6 Mbit/s, 150 ms there and back, a processor four times as slow. Each page is loaded as by
somebody who was never here: nothing is kept from the page before.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.demonstration import Demonstration, Persona, demonstration
from tests.browser.driver import Chromium, chromium
from tests.browser.walk import SCREEN
from tests.postgres_fixture import home_in_memory

LINE: Final = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}
SLOWER: Final = 4
TIMES: Final = 3
PAGES: Final = {
    "patient": ("", "/d", "/g", "/h", "/j"),
    "clinician": ("/today", "/find"),
    "carer": ("/cared-for",),
    "auditor": ("/audit",),
    "administrator": ("/staff/people",),
}
"""By what one acts as; what begins with a letter's folder stands within the reader's own record."""
_PAINTED: Final = """
() => new Promise((resolve) => {
  const told = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  if (told() !== undefined) return resolve(told());
  new PerformanceObserver((list, observer) => {
    const paint = list.getEntriesByName("first-contentful-paint")[0];
    if (paint === undefined) return;
    observer.disconnect();
    resolve(paint.startTime);
  }).observe({ type: "paint", buffered: true });
  setTimeout(() => resolve(null), 15000);
})
"""


@dataclass(frozen=True)
class Painted:
    """One page: milliseconds to the first contentful paint, and kilobytes that came over the line for it."""

    acting_as: str
    path: str
    milliseconds: float
    kilobytes: float


def painted(browser: Chromium, place: Demonstration) -> Iterator[Painted]:
    """Load the main pages of each role, throttled."""
    with browser.device(**SCREEN) as device:
        people = place.people(device)
    for acting_as, paths in PAGES.items():
        persona = next(one for one in people if one.acting_as == acting_as)
        yield from _of(browser, place, persona, paths)


def _of(browser: Chromium, place: Demonstration, persona: Persona, paths: tuple[str, ...]) -> Iterator[Painted]:
    with browser.device(**SCREEN) as device:
        page = device.new_page()
        place.be(page, persona)
        home = page.url.removeprefix(place.base)
        for path in paths:
            at = home + path if persona.acting_as == "patient" else path
            loads = [_load(page, place.base + at) for _ in range(TIMES)]
            yield Painted(persona.acting_as, at, *(median(values) for values in zip(*loads, strict=True)))


def _load(page: Page, url: str) -> tuple[float, float]:
    """Milliseconds to the first contentful paint of one load, and kilobytes."""
    protocol = page.context.new_cdp_session(page)
    came = 0.0

    def count(event: dict[str, Any]) -> None:
        nonlocal came
        came += event["encodedDataLength"]

    protocol.on("Network.loadingFinished", count)
    protocol.send("Network.enable")
    protocol.send("Network.setCacheDisabled", {"cacheDisabled": True})
    protocol.send("Network.emulateNetworkConditions", LINE)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url, wait_until="networkidle")
    paint = page.evaluate(_PAINTED)
    protocol.detach()
    return float("inf") if paint is None else float(paint), came / 1000


def main() -> int:
    """Measure, and say it."""
    asked = argparse.ArgumentParser(description="How long until something is seen, on a slow line and a slow device.")
    asked.add_argument("--at", help="the address of a demonstration that is served already")
    given = asked.parse_args()
    if given.at is not None:
        return _told(Demonstration(given.at.rstrip("/")))
    with home_in_memory() as home, demonstration(home) as place:
        return _told(place)


def _told(place: Demonstration) -> int:
    with chromium(place.base) as browser:
        for one in painted(browser, place):
            sys.stdout.write(
                f"{one.acting_as:14} painted after {one.milliseconds:6.0f} ms, {one.kilobytes:6.1f} kB  {one.path}\n"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
