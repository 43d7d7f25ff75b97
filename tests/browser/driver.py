"""A browser to test with: Chromium, driven by Playwright, with an authenticator of its own.

Its build without windows is taken where it is installed: the same engine at three fifths of the processor's time, for
it draws no tab strip for each page. Else the one with windows, headless.

An authenticator lives with a page and is gone with it, as the browser's own protocol has it; so a page can hand what
its authenticator holds to another page, as a security key goes from one device to the next.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page, Playwright, Request, expect, sync_playwright

from tests.browser.session_keys import KEPT

CHROMIUM = which("chromium-headless-shell") or which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PATIENCE = 60_000
_POST = """
async ([path, body]) => {
  const { post } = await import(document.querySelector("script[type=module]").src.replace(/[^/]+$/, "api.js"));
  return post(path, body).then((told) => ({ told }), (error) => ({ refused: error.kind ?? String(error) }));
}
"""


class Tab:
    """One page of a browser, what it asked for, and what it complained of."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note)
        self._protocol: CDPSession = page.context.new_cdp_session(page)
        self._authenticator: str | None = None

    def _note(self, request: Request) -> None:
        if not request.url.startswith(self.base):
            self.foreign.append(request.url)

    def plug_in(self, credentials: list[dict[str, Any]] | None = None, *, verifies: bool = True) -> None:
        """Give the page an authenticator, in the place of the one it had, with these credentials on it."""
        if self._authenticator is None:
            self._protocol.send("WebAuthn.enable")
        else:
            self._protocol.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self._authenticator})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        added = self._protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._authenticator = added["authenticatorId"]
        for credential in credentials or []:
            self._of_authenticator("addCredential", credential=credential)

    def credentials(self) -> list[dict[str, Any]]:
        """What the authenticator holds, private keys and counts."""
        held: list[dict[str, Any]] = self._of_authenticator("getCredentials")["credentials"]
        return held

    def verify_user(self, verifies: bool) -> None:
        """Whether the authenticator takes whoever is there for its owner from here on."""
        self._of_authenticator("setUserVerified", isUserVerified=verifies)

    def go(self, path: str) -> None:
        """Open a page of the service."""
        self.page.goto(self.base + path)

    def press(self, name: str) -> None:
        """Press a button by what it says, once the page's modules listen: before, a form goes the way without them."""
        button = self.page.get_by_role("button", name=name, exact=True)
        button.wait_for()
        self.page.wait_for_load_state()
        button.click()

    def told(self) -> str:
        """What the page tells of what went wrong, once it does."""
        told = self.page.locator("#told")
        told.wait_for(state="visible")
        return told.inner_text()

    def keys(self) -> list[dict[str, Any]]:
        """The session keys that the browser keeps."""
        kept: list[dict[str, Any]] = self.page.evaluate(KEPT)
        return kept

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Have the page's own module ask the API, in the session of this page; gives the answer."""
        answer: dict[str, Any] = self.page.evaluate(_POST, [path, body or {}])
        assert "told" in answer, f"{path}: {answer}"
        told: dict[str, Any] = answer["told"]
        return told

    def person(self) -> str:
        """Who is signed in, as the page knows it."""
        session: dict[str, Any] = json.loads(self.page.locator("body").get_attribute("data-session") or "{}")
        return str(session["person"])

    def assert_clean(self) -> None:
        """Nothing was asked of any other host, and the console has no error."""
        assert (self.foreign, self.complaints) == ([], []), f"asked for {self.foreign}, complains of {self.complaints}"

    def _of_authenticator(self, what: str, **values: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._protocol.send(
            f"WebAuthn.{what}", {"authenticatorId": self._authenticator, **values}
        )
        return answer


class Chromium:
    """Chromium in front of a service: devices of different people, which share nothing."""

    def __init__(self, playwright: Playwright, base: str) -> None:
        self._playwright, self._base = playwright, base
        self._browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

    @contextmanager
    def device(self, **options: Any) -> Iterator[BrowserContext]:
        """A device of somebody's own, until it is closed and forgotten."""
        context = self._browser.new_context(**options)
        context.set_default_timeout(_PATIENCE)
        try:
            yield context
        finally:
            context.close()

    @contextmanager
    def computer(self, profile: Path) -> Iterator[BrowserContext]:
        """A browser that keeps what it has in a folder: opened again, it is the same one, restarted."""
        launch = self._playwright.chromium.launch_persistent_context
        context = launch(profile, executable_path=CHROMIUM, args=ARGUMENTS)
        context.set_default_timeout(_PATIENCE)
        try:
            yield context
        finally:
            context.close()

    def tab(self, context: BrowserContext, credentials: list[dict[str, Any]] | None = None) -> Tab:
        """A new page in it, with an authenticator that holds these credentials."""
        tab = Tab(context.new_page(), self._base)
        tab.plug_in(credentials)
        return tab

    def close(self) -> None:
        """Close it."""
        self._browser.close()


@contextmanager
def chromium(base: str) -> Iterator[Chromium]:
    """Chromium for a service at a base URL."""
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        opened = Chromium(playwright, base)
        yield opened
        opened.close()
