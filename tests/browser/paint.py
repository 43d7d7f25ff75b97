"""How long until something is seen, on a slow line and a slow device: ``python -m tests.browser.paint [--at ADDRESS]``.

As Lighthouse throttles: 1.6 Mbit/s, 150 ms there and back, a processor four times as slow. Each page is loaded as by
somebody who has none of its files: nothing is kept from the page before. The connection is there already, as what is
throttled here is requests and not packets.

Of the time until something is seen it is told when the answer began, which is the service's work and once the line,
when the page had come whole, and when its style had. What is not the service's is the same on every machine.
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
TIMES: Final = 5
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


_REACHED: Final = """
() => {
  const [page] = performance.getEntriesByType("navigation");
  const style = performance.getEntriesByType("resource").find((one) => one.name.endsWith("/kit.css"));
  return [page.responseStart, page.responseEnd, style?.responseEnd ?? Infinity];
}
"""


@dataclass(frozen=True)
class Painted:
    """One page: milliseconds until its answer began, the page and its style had come, and something was painted.

    ``kilobytes`` came over the line for all of it.
    """

    acting_as: str
    path: str
    began: float
    came: float
    styled: float
    painted: float
    kilobytes: float

    def line(self) -> str:
        """As a line of the table."""
        times = f"{self.began:6.0f} {self.came:6.0f} {self.styled:6.0f} {self.painted:8.0f}"
        return f"{self.acting_as:14}{times} {self.kilobytes:7.1f}  {self.path}"


HEAD: Final = f"{'':14}{'began':>6} {'came':>6} {'styled':>6} {'painted':>8} {'kB':>7}  (ms, medians of {TIMES})"


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


def _load(page: Page, url: str) -> tuple[float, ...]:
    """The milliseconds of one load, as of ``Painted``, and its kilobytes."""
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
    paint, reached = page.evaluate(_PAINTED), page.evaluate(_REACHED)
    protocol.detach()
    return *reached, float("inf") if paint is None else float(paint), came / 1000


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
    sys.stdout.write(HEAD + "\n")
    with chromium(place.base) as browser:
        for one in painted(browser, place):
            sys.stdout.write(one.line() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
