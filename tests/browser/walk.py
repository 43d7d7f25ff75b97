"""A walk through every page: as each person of a demonstration, by every link, at three widths.

``python -m tests.browser.walk [--screenshots DIR]`` tells what is wrong; with a folder it leaves a picture of each page
at each width there, to be looked at. A place is a page's route; of most places one page is looked at for each role, of
those that differ much several. What is slow to see (by axe, by keyboard, without scripts) is seen on one page of each
route; with ``THOROUGH=1`` on each that is looked at.
"""

import argparse
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import ConsoleMessage, Page, Response
from starlette.routing import Route

from api.pages import demo, places
from api.pages import routes as pages
from tests.browser.demonstration import Demonstration, demonstration
from tests.browser.driver import Chromium, chromium
from tests.browser.looking import (
    HEIGHT,
    WIDTHS,
    accessibility,
    keyboard,
    outline,
    structure,
    too_wide,
    without_scripts,
)
from tests.postgres_fixture import home_in_memory
from tests.thorough import THOROUGH

SEVERAL: Final = {
    places.ITEM.path: 6,
    places.LEAFLET.path: 2,
    places.RECORD.path: 2,
    places.PERSON.path: 2,
    places.ABOUT_ME.path: 6,
    places.WISH.path: 3,
    places.QUESTIONS.path: 6,
}
"""Pages of one place that are looked at, where it is more than one."""
ALIKE: Final = frozenset(
    one.path
    for one in (places.ACCOUNT, places.INFORMATION, places.LEAFLET, places.ACCESSIBILITY, places.CHECK, places.RECEIPT)
)
"""Places that are the same whatever somebody acts as: one visit is enough."""
WITHOUT_A_SESSION: Final = ("/demo", "/sign-in", "/invitation", "/recovery")
SCREEN: Final[dict[str, Any]] = {"viewport": {"width": WIDTHS[0], "height": HEIGHT}, "reduced_motion": "reduce"}
DOWNLOADS: Final = ("/file", "/e")
"""How the paths end that may be answered with a file."""
_LINKS: Final = "() => [...document.querySelectorAll('a[href]')].map((one) => one.href)"


Look = Callable[[Page], Iterable[str]]


@dataclass(frozen=True)
class Finding:
    """Something wrong with a page."""

    acting_as: str
    place: str
    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.acting_as} {self.place} ({self.path}): {self.what}"


@dataclass
class Seat:
    """Somebody in front of a page; what it complains of, and what it asks others for, since they last went on."""

    acting_as: str
    page: Page
    plain: Page
    """A page of a browser that runs no scripts."""
    base: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "request", lambda asked: None if asked.url.startswith(self.base) else self.foreign.append(asked.url)
        )

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.complaints.append(said.text)

    def go(self, url: str) -> Response | None:
        """Go to another page, on a wide screen."""
        self.complaints.clear()
        self.foreign.clear()
        self.page.set_viewport_size(SCREEN["viewport"])
        return self.page.goto(url)


@dataclass
class Walk:
    """A walk: what was visited, and what was found wrong."""

    browser: Chromium
    demonstration: Demonstration
    screenshots: Path | None = None
    look: Look | None = None
    """What is looked at on each page, in the place of all that a page is held to."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Of each device, such as its languages."""
    findings: list[Finding] = field(default_factory=list)
    visited: Counter[tuple[str, str]] = field(default_factory=Counter)
    _met: set[str] = field(default_factory=set)

    def everybody(self) -> None:
        """Walk as everybody of the demonstration, after the pages for which nobody is signed in.

        One after the other in front of one device: to open a browser anew costs as much as to look at several pages.
        """
        with self._seat("nobody") as seat:
            people = self.demonstration.people(seat.page.context)
            for path in WITHOUT_A_SESSION:
                self._visit(seat, path)
            for persona in people:
                self.demonstration.be(seat.page, persona)
                seat.acting_as = persona.acting_as
                self._from_here(seat)

    def _from_here(self, seat: Seat) -> None:
        """Go on from where somebody is, and from their own page, by every link and so on."""
        waiting = deque([_relative(seat.page.url), "/"])
        met: set[str] = set()
        while waiting:
            path = waiting.popleft()
            key = self._key(path)
            if path in met or key is None or self._enough(seat.acting_as, key):
                continue
            met.add(path)
            waiting.extend(self._visit(seat, path))

    @contextmanager
    def _seat(self, acting_as: str) -> Iterator[Seat]:
        screen = SCREEN | self.settings
        with (
            self.browser.device(**screen) as device,
            self.browser.device(**screen, java_script_enabled=False) as without,
        ):
            yield Seat(acting_as, device.new_page(), without.new_page(), self.demonstration.base)

    def places(self) -> set[str]:
        """The routes that were visited by anybody."""
        return {place for _acting_as, place in self.visited}

    def _key(self, path: str) -> str | None:
        """A page's place: its route, and what it is asked by; None where it is no page."""
        parts = urlsplit(path)
        route = route_of(parts.path)
        if route is None:
            return None
        asked = sorted({name for name, _value in parse_qsl(parts.query)})
        return f"{route}?{'&'.join(asked)}" if asked else route

    def _enough(self, acting_as: str, key: str) -> bool:
        alike = key.partition("?")[0] in ALIKE
        times = sum(count for (_, place), count in self.visited.items() if place == key) if alike else 0
        return max(times, self.visited[acting_as, key]) >= (SEVERAL.get(key, 1) if self.look is None else 1)

    def _visit(self, seat: Seat, path: str) -> list[str]:
        """Look at one page; gives where its links lead."""
        key, base = self._key(path) or path, self.demonstration.base
        self.visited[seat.acting_as, key] += 1
        if _is_a_file(seat.page, base + path):
            return []
        wrong = list(_answered(seat.go(base + path)))
        landed = self._key(_relative(seat.page.url)) or key
        if landed != key:
            self.visited[seat.acting_as, landed] += 1
        if not wrong:
            wrong += self._looked(seat, landed, path) if self.look is None else self.look(seat.page)
        wrong += [f"the console says {one}" for one in seat.complaints]
        wrong += [f"asks elsewhere for {one}" for one in seat.foreign]
        self._note(seat, landed, path, wrong)
        return sorted({_relative(one) for one in seat.page.evaluate(_LINKS) if one.startswith(base + "/")})

    def _note(self, seat: Seat, place: str, path: str, wrong: Iterable[str]) -> None:
        self.findings += [Finding(seat.acting_as, place, path, one) for one in wrong]

    def _looked(self, seat: Seat, place: str, path: str) -> Iterator[str]:
        """What is wrong with a page; by axe, by keyboard and without scripts once for each route.

        By axe it is looked at where it is narrowest, which has all that the wide one has; thoroughly, at both ends.
        """
        page, route = seat.page, place.partition("?")[0]
        first = route not in self._met or THOROUGH
        self._met.add(route)
        yield from structure(page)
        if THOROUGH:
            yield from accessibility(page)
        if first:
            yield from keyboard(page)
        for width in WIDTHS:
            yield from too_wide(page, width)
            self._keep_picture(page, place, width)
        if first:
            yield from (f"at {WIDTHS[-1]} px: {one}" for one in accessibility(page))
            yield from self._without_scripts(seat, path)

    def _without_scripts(self, seat: Seat, path: str) -> Iterator[str]:
        """The same page in a browser that runs none."""
        seat.page.set_viewport_size(SCREEN["viewport"])
        cookies: Any = seat.page.context.cookies()
        seat.plain.context.add_cookies(cookies)
        seat.plain.goto(self.demonstration.base + path)
        yield from without_scripts(outline(seat.page), outline(seat.plain))

    def _keep_picture(self, page: Page, place: str, width: int) -> None:
        if self.screenshots is not None:
            name = place.strip("/").replace("/", "-").replace("{", "").replace("}", "").replace("?", "~") or "home"
            number = sum(1 for _ in self.screenshots.glob(f"{name}.*.{width}.png"))
            page.screenshot(path=self.screenshots / f"{name}.{number}.{width}.png", full_page=True)


def route_of(path: str) -> str | None:
    """The route of a page, as the router has it; None for what is none."""
    for route in _routes():
        if route.path_regex.match(path):
            return route.path
    return None


def every_place() -> set[str]:
    """The route of every page there is."""
    return {route.path for route in _routes()}


def _routes() -> Iterator[Route]:
    for route in _flat((*pages.router.routes, *demo.router.routes)):
        if isinstance(route, Route) and "GET" in (route.methods or ()) and not route.path.startswith("/static"):
            yield route


def _flat(routes: Iterable[Any]) -> Iterator[Any]:
    """Routes, and those of the routers among them."""
    for route in routes:
        included = getattr(route, "original_router", None)
        yield from [route] if included is None else _flat(included.routes)


def _is_a_file(page: Page, url: str) -> bool:
    """Is this to be kept, and not shown? What is recorded of a look is recorded for this question as well."""
    if not urlsplit(url).path.endswith(DOWNLOADS):
        return False
    return page.request.get(url).headers.get("content-disposition", "").startswith("attachment")


def _answered(answer: Response | None) -> Iterator[str]:
    if answer is None or answer.status != 200:
        yield f"was answered {None if answer is None else answer.status}, wanted 200"


def _relative(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def told(findings: Iterable[Finding]) -> str:
    return "\n".join(map(str, findings))


def main() -> int:
    """Walk, and tell what was found; 1 if anything was."""
    asked = argparse.ArgumentParser(description="Walk through every page of a demonstration.")
    asked.add_argument("--screenshots", type=Path, help="a folder for a picture of each page at each width")
    asked.add_argument("--at", help="the address of a demonstration that is served already")
    given = asked.parse_args()
    if given.screenshots is not None:
        given.screenshots.mkdir(parents=True, exist_ok=True)
    if given.at is not None:
        return _walked(Demonstration(given.at.rstrip("/")), given.screenshots)
    with home_in_memory() as home, demonstration(home) as place:
        return _walked(place, given.screenshots)


def _walked(place: Demonstration, screenshots: Path | None) -> int:
    with chromium(place.base) as browser:
        walk = Walk(browser, place, screenshots)
        walk.everybody()
    never = sorted(every_place() - {one.partition("?")[0] for one in walk.places()})
    sys.stdout.write(f"{told(walk.findings)}\n{sum(walk.visited.values())} pages of {len(walk.places())} places\n")
    sys.stdout.write(f"never visited: {never}\n")
    return int(bool(walk.findings or never))


if __name__ == "__main__":
    sys.exit(main())
