"""The demonstration, as ``record-ledger demo`` serves it: a full ledger, and anybody signed in by one click."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from tests.begun import PROGRAM, Popen

_SERVES = re.compile(r"http://localhost:(\d+)/demo")
_PATIENCE = 90.0
_PEOPLE = """
() => [...document.querySelectorAll("#people ~ h3, #people ~ ul form")].filter((one) => one.matches("form")).map(
  (form) => ({ person: form.person.value, acting_as: form.acting_as.value,
               name: form.closest("li").querySelector("h4").innerText }))
"""


@dataclass(frozen=True)
class Persona:
    """Somebody of the demonstration, in one of their roles."""

    person: str
    acting_as: str
    name: str


@dataclass(frozen=True)
class Demonstration:
    """A demonstration that is being served."""

    base: str

    def people(self, device: BrowserContext) -> list[Persona]:
        """Everybody as whom one may sign in, in the order of the page."""
        page = device.new_page()
        page.goto(self.base + "/demo")
        found = [Persona(**one) for one in page.evaluate(_PEOPLE)]
        page.close()
        return found

    def be(self, page: Page, persona: Persona) -> None:
        """Sign in as somebody by one click."""
        page.goto(self.base + "/demo")
        form = page.locator(
            f"#people ~ ul form:has([name=person][value='{persona.person}']):has([value='{persona.acting_as}'])"
        )
        with page.expect_navigation(url=lambda url: not url.endswith("/demo")):
            form.get_by_role("button").click()


@contextmanager
def demonstration(home: Path, **settings: str) -> Iterator[Demonstration]:
    """Tell the story in a home that does not exist yet, and serve it until the end. ``settings``: ``LEDGER_*``."""
    log = home.parent / "demonstration.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    environment = {**kept, "LEDGER_HOME": str(home), "LEDGER_PORT": "0", **settings}
    with (
        log.open("w") as written,
        Popen([PROGRAM, "demo"], env=environment, stdout=written, stderr=written, text=True) as process,
    ):
        try:
            yield Demonstration(f"http://localhost:{_port(log, process)}")
        finally:
            process.terminate()
            process.wait(timeout=_PATIENCE)


def _port(log: Path, process: Popen) -> str:
    until = time.monotonic() + _PATIENCE
    while (found := _SERVES.search(log.read_text())) is None:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)
    return found[1]
