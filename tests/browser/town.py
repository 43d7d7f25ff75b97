"""Who is around: Ada came in by the link that the service printed, Bert is a registrar, Amina a patient with a record.

Carl, the second founder and first registrar, confirmed Bert's passkey when nobody had a key yet to sign that with; Bert
signed that Amina's is hers.

Each of them made a passkey in the pages. What their authenticators hold goes from one device to the next, as a phone is
carried around: two at once would be two copies of a key, which the service notices.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from playwright.sync_api import BrowserContext

from tests.browser.driver import Chromium, Tab
from tests.browser.place import Place

ORIGIN = "record-ledger.localhost"
SEND = "Add it"
"""The button that signs what was written and sends it; without a passkey it is sent as it is."""
SIGNED, RECORDED = "Signed by you.", "Recorded by the service for you."
"""What a page says of whose signature something carries."""
Credentials = list[dict[str, Any]]


@dataclass
class Person:
    """Somebody of the town: their id, and what their authenticator holds."""

    id: str
    held: Credentials


@dataclass
class Town:
    """The service, a browser, and the people; ``record`` is Amina's."""

    place: Place
    browser: Chromium
    ada: Person
    bert: Person
    amina: Person
    record: str

    @contextmanager
    def at(self, person: Person, *, acting_as: str | None = None, clean: bool = True) -> Iterator[Tab]:
        """A page on a device of their own, in which they have signed in; nothing in it may complain if ``clean``."""
        with self.browser.device() as device, self.carrying(person, device) as tab:
            sign_in(tab)
            if acting_as is not None:
                act_as(tab, acting_as)
            yield tab
            if clean:
                tab.assert_clean()

    @contextmanager
    def carrying(self, person: Person, device: BrowserContext) -> Iterator[Tab]:
        """A page of a device with the person's authenticator, which they take with them afterwards."""
        tab = self.browser.tab(device, person.held)
        try:
            yield tab
        finally:
            person.held = tab.credentials()

    def invited(self, name: str) -> tuple[str, str, str]:
        """Bert registers somebody with a record, and invites them: who it is, the link, and the code that he tells."""
        with self.at(self.bert) as bert:
            person = bert.post("/people", {"name": name})["ids"]["person"]
            bert.post("/records", {"patient": person})
            told = bert.post(f"/people/{person}/invitation")
            return person, told["link"], told["code"]


def sign_in(tab: Tab) -> None:
    """Sign in with the passkey that the page's authenticator holds."""
    tab.go("/sign-in")
    tab.press("Sign in with a passkey")
    tab.page.wait_for_url(lambda url: not url.endswith("/sign-in"))


def accept(tab: Tab, link: str, code: str | None = None, name: str = "This device") -> None:
    """Accept an invitation, and make a passkey."""
    tab.page.goto(link)
    if code is not None:
        tab.page.get_by_label("The code you were told").fill(code)
    tab.page.get_by_label("A name for this passkey").fill(name)
    tab.press("Make a passkey")
    tab.page.wait_for_url(tab.base + "/account#passkeys")


def act_as(tab: Tab, role: str) -> None:
    """Act as something else, by the form of one's account."""
    tab.go("/account")
    tab.page.get_by_label("Act as").select_option(role)
    tab.press("Change")
    tab.page.wait_for_url(lambda url: not url.endswith("/account"))


def confirm(tab: Tab, digits: str) -> None:
    """Confirm the waiting passkey with these digits, as a registrar."""
    tab.go("/waiting")
    card = tab.page.locator("section").filter(has=tab.page.get_by_role("heading", name=digits))
    card.get_by_role("button").click()
    card.wait_for(state="detached")


def digits_of(tab: Tab) -> str:
    """The digits that the account page shows of a passkey that is not confirmed yet."""
    tab.go("/account")
    return tab.page.locator("p.digits").first.inner_text()


def fill(tab: Tab, text: str) -> None:
    """Fill in the form by which one adds to one's own record."""
    tab.go("/")
    tab.page.get_by_role("link", name="Add to my record").click()
    tab.page.get_by_label("Something I want known").check()
    tab.page.get_by_label("Your words").fill(text)


def write(tab: Tab, text: str, press: str = SEND) -> str:
    """Write something in one's own record; gives what the page says of it."""
    fill(tab, text)
    return send(tab, press)


def send(tab: Tab, press: str = SEND) -> str:
    """Send what is filled in; gives what the page says of it."""
    tab.press(press)
    tab.page.wait_for_url("**?said=*")
    return tab.page.locator("#said").inner_text()


def found(place: Place, browser: Chromium) -> Town:
    """Let them all come in, each by the pages, and have their passkeys confirmed."""
    with ExitStack() as devices:
        ada, carl, bert, amina = (browser.tab(devices.enter_context(browser.device())) for _ in range(4))
        accept(ada, place.link(), name="Ada's laptop")
        invited = ada.post(f"/people/{uuid5(NAMESPACE_URL, f'{ORIGIN}/founder/2')}/invitation")
        accept(carl, invited["link"], invited["code"])
        registrar = ada.post("/people", {"name": "Bert Nilsson"})["ids"]["person"]
        ada.post(f"/people/{registrar}/roles", {"role": "registrar"})
        invited = ada.post(f"/people/{registrar}/invitation")
        accept(bert, invited["link"], invited["code"])
        act_as(carl, "registrar")
        confirm(carl, digits_of(bert))
        patient = bert.post("/people", {"name": "Amina Diallo"})["ids"]["person"]
        record = bert.post("/records", {"patient": patient})["ids"]["record"]
        invited = bert.post(f"/people/{patient}/invitation")
        accept(amina, invited["link"], invited["code"], "My phone")
        confirm(bert, digits_of(amina))
        for tab in (ada, carl, bert, amina):
            tab.assert_clean()
        return Town(place, browser, *(Person(tab.person(), tab.credentials()) for tab in (ada, bert, amina)), record)


@contextmanager
def again(tab: Tab) -> Iterator[Tab]:
    """Another tab of the same browser, with no authenticator of its own; left open, it would be in the tests' way."""
    other = Tab(tab.page.context.new_page(), tab.base)
    try:
        yield other
    finally:
        other.page.close()
