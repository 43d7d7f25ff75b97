"""Receipts on pages: of what was said in one's own name, and of everything said of an entry, one step away from it."""

import html
import json
import re
from pathlib import Path

import httpx
import pytest

from api.pages import places
from api.pages.about_me import FORM
from ledger.core.receipt import Receipt, check_receipt
from ledger.use_cases.items import Draft
from tests.command_line.running import call
from tests.http.served import Served, statement_id
from tests.http.test_absence import UNKNOWN
from tests.pages.at_work import a_patient_of_their_own, lasting, plain
from tests.sign_in.browser import Browser
from tests.story import KEYRING

pytestmark = pytest.mark.asyncio(loop_scope="module")


def receipts_on(page: httpx.Response) -> list[Receipt]:
    """The receipts that the page's module checks, and the keys by which: each must hold."""
    [verifier] = re.findall(r'data-verifier="([^"]+)"', page.text)
    assert html.unescape(verifier) == str(KEYRING.log.verifier)
    found = [
        Receipt.from_json(json.loads(html.unescape(one))) for one in re.findall(r'data-receipt="([^"]+)"', page.text)
    ]
    for one in found:
        check_receipt(one, KEYRING.log.verifier)
    return found


def links(page: httpx.Response, start: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'href="([^"]+)"', page.text) if one.startswith(start)]


async def test_what_was_said_has_its_receipt_one_step_away(house: Served, browser: Browser) -> None:
    story = house.story
    await browser.begin(story.amina)
    said = await story.ledger.items.add(story.amina, story.record, Draft("experience", "They listened."))
    listed = await browser.get(places.RECEIPTS(record=story.record))
    address = places.RECEIPT(author=story.amina.person, statement=said.statement_id)
    assert f'href="{address}"' in listed.text
    shown = await browser.get(address)
    assert "Wrote something" in shown.text
    [receipt] = receipts_on(shown)
    kept = await browser.get(places.RECEIPT_FILE(author=story.amina.person, statement=said.statement_id))
    assert Receipt.from_json(kept.json()).entry == receipt.entry


async def test_a_receipt_of_nothing_is_not_there(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    for author in (house.story.amina.person, house.story.sam.person):
        answer = await browser.get(places.RECEIPT(author=author, statement=statement_id()))
        assert answer.status_code == 404, author


async def test_an_entry_leads_to_the_receipts_of_all_that_is_said_of_it(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await desk.sit(story.amina)
    note = await story.note("Laughed inappropriately.")
    await story.ledger.items.comment(story.amina, story.record, note, "It was a joke.")
    await story.ledger.items.amend(story.lind, story.record, note, "Laughed at a joke.")
    entry = await desk.opened(places.ITEM(record=desk.record, item=note))
    there = places.ITEM_RECEIPTS(record=desk.record, item=note)
    assert links(entry, there) == [there]
    page = await desk.opened(there)
    assert [one.index for one in receipts_on(page)] == sorted(one.index for one in receipts_on(page))
    shown = plain(page)
    told = ["Wrote something", "Dr Okafor", "Recorded by the service for them", "In the comments", "You",
            "Recorded by the service for you", "Corrected or added to something", "Dr Lind", "Not yet"]  # fmt: skip
    order = [shown.index(told[0])]
    for one in told[1:]:
        order.append(shown.index(one, order[-1]))
    for words in ("inappropriately", "joke"):
        assert words not in shown, "a receipt is of what was said, and does not say it again"


async def test_a_wish_and_what_everybody_is_to_know_lead_to_their_receipts_too(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story, ledger = desk.served.story, desk.served.story.ledger
    wish = str((await ledger.wishes.draft(story.amina, story.record, "My sister first.")).facts["item"])
    about = str(
        (await ledger.items.add(story.amina, story.record, Draft("contribution", "I am Amina.", data=FORM))).facts[
            "item"
        ]
    )
    ways = [
        (story.amina, wish, places.WISH(record=desk.record, item=wish), None),
        (story.amina, about, places.ABOUT_ME(record=desk.record), None),
        (story.okafor, about, places.ABOUT_ME({"purpose": "task"}, record=desk.record), "task"),
    ]
    for by, item, at, purpose in ways:
        await desk.sit(by)
        there = places.ITEM_RECEIPTS({"purpose": purpose}, record=desk.record, item=item)
        assert there in links(await desk.opened(at), "/record/"), (by, at)
        assert len(receipts_on(await desk.opened(there))) == 1


async def test_a_receipt_of_an_entry_is_kept_as_a_file_that_is_verified_without_us(
    house: Served, browser: Browser, tmp_path: Path
) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await desk.sit(story.amina)
    note = await story.note("Slept badly.")
    page = await desk.opened(places.ITEM_RECEIPTS(record=desk.record, item=note))
    [file] = links(page, places.ITEM_RECEIPTS(record=desk.record, item=note) + "/")
    kept = await desk.opened(file)
    assert kept.headers["content-disposition"] == 'attachment; filename="receipt.json"'
    (tmp_path / "receipt.json").write_bytes(kept.content)
    (tmp_path / "verifier.txt").write_text(str(KEYRING.log.verifier))
    verify = ("verify", "receipt", str(tmp_path / "receipt.json"), "--verifier", str(tmp_path / "verifier.txt"))
    verified = call(tmp_path / "home", *verify)
    assert verified.exit_code == 0, verified.output
    await story.ledger.items.comment(story.okafor, story.record, note, "Better now.")
    other = places.ITEM_RECEIPT_FILE(record=desk.record, item=note, author=story.amina.person, statement=statement_id())
    await desk.opened(other, 404)


async def test_a_clinician_says_first_what_the_receipts_are_looked_at_for(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await desk.sit(story.okafor)
    note = await story.note("Slept badly.")
    asked = await desk.opened(places.ITEM_RECEIPTS(record=desk.record, item=note))
    assert "Why do you open this record?" in plain(asked)
    entry = await desk.opened(places.ITEM({"purpose": "task"}, record=desk.record, item=note))
    [there] = links(entry, places.ITEM_RECEIPTS(record=desk.record, item=note))
    page = await desk.opened(there)
    assert "You" in plain(page)
    [file] = links(page, places.ITEM_RECEIPTS(record=desk.record, item=note) + "/")
    assert file.endswith("?purpose=task")
    before = await house.size()
    await desk.opened(file)
    [look] = await story.ledger.read(before, 1)
    assert (look.type, look.facts["purpose"]) == ("disclosure-made/1", "task")


async def test_a_carer_is_led_to_none_and_finds_none(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    plan = await story.note("Walk every day.", kind="plan-for-carers")
    await story.share({"kind": "kind", "of": "plan-for-carers"})
    await desk.sit(story.sam)
    entry = await desk.opened(places.ITEM(record=desk.record, item=plan))
    assert places.ITEM_RECEIPTS(record=desk.record, item=plan) not in entry.text
    for path in (places.ITEM_RECEIPTS.path, places.ITEM_RECEIPT_FILE.path):
        at = path.replace("{record}", desk.record).replace("{author}", story.okafor.person)
        there, unknown = [
            await desk.opened(at.replace("{item}", one).replace("{statement}", UNKNOWN), 404) for one in (plan, UNKNOWN)
        ]
        assert lasting(there).replace(plan, UNKNOWN) == lasting(unknown)


async def test_what_is_kept_from_a_patient_has_the_page_of_what_is_not_there(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    working = await story.note("Not sure yet.", kind="working-note")
    await desk.sit(story.amina)
    hidden, unknown = [
        await desk.opened(places.ITEM_RECEIPTS(record=desk.record, item=one), 404) for one in (working, UNKNOWN)
    ]
    assert lasting(hidden).replace(working, UNKNOWN) == lasting(unknown)
