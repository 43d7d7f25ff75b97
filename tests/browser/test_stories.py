"""Stories from end to end, in a browser: each person does their part on the pages, and the next one finds it there."""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.begun import PROGRAM, run
from tests.browser.demonstration import Demonstration, Persona, demonstration
from tests.browser.driver import Chromium, chromium
from tests.postgres_fixture import home_in_memory

ALTER_A_RECEIPT = """
() => {
  const { dataset } = document.querySelector("[data-receipt]");
  const { entry, proof } = JSON.parse(dataset.receipt);
  dataset.receipt = JSON.stringify({ entry: `${entry} `, proof });
}
"""


class Cast:
    """The people of the demonstration, each at a browser of their own."""

    def __init__(self, browser: Chromium, place: Demonstration) -> None:
        self.browser, self.place = browser, place
        with browser.device() as device:
            self.people = place.people(device)

    @contextmanager
    def at(self, name: str, acting_as: str) -> Iterator[Page]:
        """Somebody's page, signed in."""
        [persona] = [one for one in self.people if (one.name, one.acting_as) == (name, acting_as)]
        with self.browser.device(accept_downloads=True) as device:
            page = device.new_page()
            self.place.be(page, Persona(persona.person, persona.acting_as, persona.name))
            yield page


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with home_in_memory() as path:
        yield path


@pytest.fixture(scope="module")
def cast(home: Path) -> Iterator[Cast]:
    with demonstration(home) as place, chromium(place.base) as browser:
        yield Cast(browser, place)


def press(page: Page, one: Locator) -> None:
    """Press what leads to another page, and be there: what is read at once could be of the page before."""
    with page.expect_navigation():
        one.click()


def entry(page: Page, words: str) -> None:
    """Open the entry of a record whose title says this, on whichever of its pages it stands by now."""
    found, earlier = page.get_by_role("link", name=words), page.locator("nav.pager a[rel=next]")
    while not found.count() and earlier.count():
        press(page, earlier)
    press(page, found.first)


def of_today(page: Page) -> None:
    """Fill in today's day."""
    today = datetime.now(UTC)
    for label, value in (("Day", today.day), ("Month", today.month), ("Year", today.year)):
        page.get_by_label(label, exact=True).first.fill(str(value))


def test_a_note_is_disputed_and_corrected_and_both_stand(cast: Cast) -> None:
    with cast.at("Dr Okafor", "clinician") as okafor:
        okafor.goto(okafor.url.rsplit("/", 1)[0] + "/find")
        press(okafor, okafor.get_by_role("link", name="Amina Diallo").first)
        for_an_appointment(okafor)
        okafor.get_by_role("link", name="Add", exact=True).click()
        okafor.get_by_label("Note", exact=True).check()
        okafor.get_by_label("What you write").fill("Walked with a stick. Laughed at nothing.")
        okafor.get_by_role("button", name="Add it").click()
        expect(okafor.locator("#said")).to_contain_text("Recorded by the service for you.")
        record = okafor.url.partition("?")[0]
    with cast.at("Amina Diallo", "patient") as amina:
        entry(amina, "Note")
        expect(amina.get_by_text("Laughed at nothing.")).to_be_visible()
        amina.get_by_role("link", name="Say that this is wrong").click()
        amina.get_by_label("What is wrong, and what would be right?").fill("I laughed at a joke of my sister’s.")
        amina.get_by_role("button", name="Send", exact=True).click()
        expect(amina.get_by_text("I laughed at a joke of my sister’s.")).to_be_visible()
        note = amina.url.partition("?")[0].partition("#")[0]
    with cast.at("Dr Okafor", "clinician") as okafor:
        okafor.goto(f"{note}?purpose=task")
        okafor.get_by_role("link", name=re.compile("Correct")).first.click()
        okafor.get_by_label("What it should say").fill("Walked with a stick. Laughed at a joke.")
        press(okafor, okafor.get_by_role("button", name="Add the correction"))
        okafor.goto(f"{note}?purpose=task")
        okafor.get_by_role("link", name=re.compile("Answer")).first.click()
        okafor.get_by_label("The patient is right, and I have corrected it").check()
        okafor.get_by_label("Why?").fill("Thank you. I had not heard the joke.")
        press(okafor, okafor.get_by_role("button", name="Send the answer"))
    with cast.at("Amina Diallo", "patient") as amina:
        amina.goto(note)
        for words in ("Laughed at nothing.", "Laughed at a joke.", "Thank you. I had not heard the joke."):
            expect(amina.get_by_text(words).first).to_be_visible()
    assert record in note


def for_an_appointment(page: Page) -> None:
    """Say what a record is opened for, where that is asked."""
    appointment = page.get_by_role("link", name="For an appointment")
    if appointment.count():
        press(page, appointment)


def test_one_entry_is_shared_previewed_and_the_carer_sees_exactly_that(cast: Cast) -> None:
    with cast.at("Sam Diallo", "carer") as sam:
        press(sam, sam.get_by_role("link", name=re.compile("What is shared with me")).first)
        before = sam.locator(".lifeline h3").all_inner_texts()
        assert "My night in the emergency department" not in before
    with cast.at("Amina Diallo", "patient") as amina:
        entry(amina, "My night in the emergency department")
        amina.get_by_role("link", name="See or change who can see this").click()
        amina.get_by_role("link", name=re.compile("Change.*Sam Diallo")).first.click()
        amina.locator("input[name=how]").first.check()
        press(amina, amina.get_by_role("button", name="Share", exact=True))
        amina.goto(record_of(amina))
        amina.get_by_role("link", name="Who can see what").click()
        press(amina, amina.get_by_role("link", name="See my record as Sam Diallo sees it"))
        previewed = amina.locator(".lifeline h3").all_inner_texts()
    with cast.at("Sam Diallo", "carer") as sam:
        press(sam, sam.get_by_role("link", name=re.compile("What is shared with me")).first)
        seen = sam.locator(".lifeline h3").all_inner_texts()
    assert set(seen) - set(before) == {"My night in the emergency department"}
    assert previewed == seen


def record_of(page: Page) -> str:
    found = re.search(r"^.*/record/[0-9a-f-]{36}", page.url)
    assert found is not None, page.url
    return found[0]


def test_an_emergency_is_opened_told_and_reviewed(cast: Cast) -> None:
    with cast.at("Amina Diallo", "patient") as amina:
        record = record_of(amina)
    with cast.at("Dr Moss", "clinician") as moss:
        moss.goto(f"{record}/o")
        moss.get_by_label("A life is at risk").check()
        moss.get_by_label("Why do you need the record now?").fill("She fell on the stairs and does not answer.")
        moss.locator("input[name=hours]").first.check()
        moss.get_by_label("I know that the patient is told, and that this is looked at").check()
        moss.get_by_role("button", name="Open the record").click()
        expect(moss.get_by_text("Penicillin").first).to_be_visible()
    with cast.at("Amina Diallo", "patient") as amina:
        amina.get_by_role("link", name="Who has looked").click()
        expect(amina.get_by_text("She fell on the stairs and does not answer.").first).to_be_visible()
    with cast.at("Greta Holm", "guardian") as greta:
        greta.locator("main h2 a").first.click()
        greta.get_by_label("Yes, it was needed").check()
        greta.get_by_label("Why?").first.fill("The ambulance’s report says so.")
        press(greta, greta.get_by_role("button", name="Record my review"))
    with cast.at("Amina Diallo", "patient") as amina:
        amina.get_by_role("link", name="Who has looked").click()
        expect(amina.get_by_text("The ambulance’s report says so.").first).to_be_visible()
        press(amina, amina.get_by_role("link", name="Receipts").first)
        for one in ("Opened a record in an emergency", "Reviewed an emergency access"):
            expect(amina.get_by_role("heading", name=one)).to_be_visible()
        amina.get_by_role("button", name="Check all of them").click()
        expect(amina.locator("#all-proved")).to_be_visible()


def test_what_could_sam_see_on_that_day_has_an_answer(cast: Cast) -> None:
    with cast.at("Amina Diallo", "patient") as amina:
        amina.get_by_role("link", name="Who has looked").click()
        amina.get_by_role("link", name="What could somebody see on a day?").click()
        sam = amina.locator("select[name=who] option", has_text="Sam Diallo").first.get_attribute("value")
        amina.get_by_label("Who", exact=True).select_option(sam)
        of_today(amina)
        amina.locator("main form button").first.click()
        expect(amina.get_by_text(re.compile("Medicine")).first).to_be_visible()


def test_a_download_is_checked_without_the_service(cast: Cast, home: Path, tmp_path: Path) -> None:
    with cast.at("Amina Diallo", "patient") as amina:
        amina.get_by_role("link", name="Download and check").click()
        with amina.expect_download() as download:
            amina.get_by_role("link", name="Download my record").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
    assert file.name == "record.zip"
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as whole:
        (tmp_path / "verifier.txt").write_bytes(whole.read("log/verifier.txt"))
    command = [PROGRAM, "verify", "bundle", str(file), "--verifier", str(tmp_path / "verifier.txt")]
    done = run(command, timeout=60)
    assert done.returncode == 0, done.stdout


def test_one_tap_from_an_entry_the_page_checks_that_nothing_was_changed(cast: Cast, tmp_path: Path) -> None:
    with cast.at("Amina Diallo", "patient") as amina:
        entry(amina, "Knee clinic")
        amina.get_by_role("link", name="Receipts: check that nothing was changed").click()
        first = amina.locator("main section").first
        expect(first).to_contain_text("Wrote something")
        first.get_by_role("button", name="Check that it has not been changed").click()
        expect(first.get_by_role("status")).to_have_text(
            "Checked on this device: it is in the log and has not been changed."
        )
        with amina.expect_download() as download:
            first.get_by_role("link", name="Keep this receipt").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        (tmp_path / "verifier.txt").write_text(amina.locator("[data-verifier]").get_attribute("data-verifier") or "")
        for one in amina.locator("main section").all()[1:]:
            expect(one.locator("[data-proved]"), "only the one that was asked about").to_be_hidden()
        amina.get_by_role("button", name="Check all of them").click()
        expect(amina.locator("#all-proved")).to_be_visible()
        amina.evaluate(ALTER_A_RECEIPT)
        first.get_by_role("button", name="Check that it has not been changed").click()
        expect(first.get_by_role("alert")).to_contain_text("This does not match.")
        amina.get_by_role("button", name="Check all of them").click()
        expect(amina.locator("#not-all-proved")).to_be_visible()
        expect(amina.locator("[data-not-proved]:visible")).to_have_count(1)
        expect(amina.locator("[data-proved]:visible, #all-proved:visible")).to_have_count(0)
    command = [PROGRAM, "verify", "receipt", str(file), "--verifier", str(tmp_path / "verifier.txt")]
    assert run(command, timeout=60).returncode == 0
