"""Readings: one by one or from pasted lines, each once, with nothing lost; charted, and the same in FHIR."""

import re
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from api.pages import places
from api.pages.readings_once import ids_by
from api.pages.readings_shown import MEASURES, OTHER, PRESSURE, coded
from projections.fhir_items import SHAPES, Around
from tests.http.served import Served
from tests.keyring import fixed_keyring
from tests.pages.at_work import OWN_PAGE, Desk, a_patient_of_their_own, errors, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
WEIGHT = {"what": "weight", "value": "71,5", "day-day": "3", "day-month": "5", "day-year": "2026", "time": "08:30"}
LINES = "date;value;unit\r\n03/05/2026 08:30;71,5;kg\r\n2026-05-04;71.2;\r\nyesterday;70;kg\r\n05/05/2026;seventy;kg"


async def amina_at(browser: Browser, house: Served) -> Desk:
    desk = await a_patient_of_their_own(browser, house)
    return await desk.sit(desk.served.story.amina)


async def previewed(desk: Desk, lines: str = LINES, what: str = "weight", *, status: int = 200) -> Any:
    """The page that shows what was read of pasted lines."""
    page = await desk.opened(places.READINGS_FILE(record=desk.record))
    return await desk.found(page, {"what": what, "csv": lines}, "/readings/check", status)


async def test_amina_adds_a_reading_once_and_it_tells_when_it_was(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page, before = await desk.opened(places.READINGS(record=desk.record)), await house.size()
    first, again = [await desk.send(page, WEIGHT, "/readings/add") for _ in range(2)]
    assert first.status_code == again.status_code == 303
    assert await house.said(before) == ["item-added/1"]
    [item] = (await desk.served.story.patient_view()).items
    assert item.data is not None
    assert (item.kind, item.title, item.data["value"], item.data["at"]) == (
        "reading", "Weight", "71.5", "2026-05-03T07:30:00.000Z",
    )  # fmt: skip
    page = await desk.opened(first.headers["location"])
    assert "Your reading is added." in plain(page)
    assert "3 May 2026 at 08:30" in plain(page)
    assert places.ITEM(record=desk.record, item=item.id) in page.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"what": ""}, "what"),
        ({"what": "height"}, "what"),
        ({"value": ""}, "value"),
        ({"value": "a lot"}, "value"),
        ({"value": "7150"}, "value"),
        ({"what": PRESSURE, "value": "134"}, "value"),
        ({"what": "mood", "value": "11"}, "value"),
        ({"what": OTHER}, "name"),
        ({"day-month": "13"}, "day"),
        ({"day-year": "2126"}, "day"),
        ({"time": "25:00"}, "time"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else value,
)
async def test_what_cannot_be_a_reading_is_shown_again_with_what_is_wrong(
    house: Served, browser: Browser, changes: dict[str, str], field: str
) -> None:
    desk = await amina_at(browser, house)
    page, before = await desk.opened(places.READINGS(record=desk.record)), await house.size()
    answer = await desk.send(page, {**WEIGHT, **changes}, "/readings/add")
    assert field in errors(answer)
    if changes == {"value": ""}:
        assert errors(answer) == {"value": "Write the number that you measured."}
    assert f'value="{changes.get("value", WEIGHT["value"])}"' in answer.text
    assert "item-added/1" not in await house.said(before)


async def test_pasted_lines_are_shown_before_anything_is_added(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    before = await house.size()
    page = await previewed(desk)
    words = plain(page)
    assert "2 lines can be added" in words
    assert "2 lines cannot" in words
    for lost in ("yesterday;70;kg", "05/05/2026;seventy;kg"):
        assert main(page).count(lost) >= 2, "beside what is wrong with it, and in the box to be corrected"
    assert "item-added/1" not in await house.said(before)


async def test_lines_are_added_once_however_often_they_are_sent(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page = await previewed(desk)
    before = await house.size()
    for answer in [await desk.send(page, {}, "/readings/import") for _ in range(2)]:
        assert answer.status_code == 303, plain(answer)
    assert await house.said(before) == ["item-added/1"] * 2
    items = (await desk.served.story.patient_view()).items
    assert sorted(item.text or "" for item in items) == ["71,5 kg", "71.2 kg"]
    assert "2 readings of your file are in the record." in plain(await desk.opened(answer.headers["location"]))


async def test_lines_that_a_page_signs_are_asked_for_one_after_the_other(house: Served, browser: Browser) -> None:
    """What is said already is not asked for again, so the page comes to an end."""
    desk = await amina_at(browser, house)
    page, before = await previewed(desk), await house.size()
    statement = main(page).partition('/readings/import"')[2].partition('name="statement" value="')[2].partition('"')[0]

    async def asked() -> Any:
        members = {"csrf": browser.csrf, "statement": statement, "what": "weight", "csv": LINES}
        address = f"/forms/record/{desk.record}/readings/import"
        return (await browser.send("POST", address, data=members, headers={**OWN_PAGE, "x-signing": "draft"})).json()

    told = await asked()
    assert told["sign"]["words"]["text"] == "71,5 kg"
    assert (await asked())["id"] == told["id"], "the same line has the same id, however often it is asked for"
    assert "item-added/1" not in await house.said(before)
    await desk.send(page, {}, "/readings/import")
    assert (await asked())["goto"].startswith(places.READINGS(record=desk.record))


async def test_going_back_to_lines_that_were_read_sends_nothing_again(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page = await desk.opened(places.READINGS_FILE(record=desk.record))
    sent = await desk.send(page, {"what": "weight", "csv": LINES}, "/readings/check")
    address = sent.headers["location"]
    assert sent.status_code == 303
    assert "weight" not in address
    first = await desk.opened(address)
    await desk.send(first, {}, "/readings/import")
    again = plain(await desk.opened(address))
    for line in ("yesterday;70;kg", "This is in the record already."):
        assert line in again, line
    await desk.sit(desk.served.story.okafor)
    assert "yesterday;70;kg" not in (await desk.opened(address, 400)).text, "who did not send them"


async def test_more_lines_than_an_address_holds_are_shown_at_once(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    random = Random(5)
    lines = "\n".join(f"2026-05-03,{random.randint(40, 90)},{random.randbytes(9).hex()}" for _ in range(200))
    page = await desk.opened(places.READINGS_FILE(record=desk.record))
    shown = await desk.send(page, {"what": "weight", "csv": lines}, "/readings/check")
    assert shown.status_code == 200
    assert "This is what we read" in plain(shown)


async def test_a_file_of_two_hundred_lines_as_devices_write_them_fits_into_an_address(
    house: Served, browser: Browser
) -> None:
    desk = await amina_at(browser, house)
    random = Random(7)
    lines = "\n".join(
        f"{1 + n % 28:02}/0{1 + n // 28}/2026 0{random.randint(6, 9)}:{random.randint(10, 59)},"
        f"{random.randint(40, 110) / 10},mmol/L"
        for n in range(200)
    )
    assert "200 lines can be added" in plain(await previewed(desk, lines, "glucose"))


async def imported(desk: Desk, lines: str, what: str = "weight") -> Any:
    """The answer to lines that were looked at and then added."""
    return await desk.send(await previewed(desk, lines, what), {}, "/readings/import")


async def values_of(desk: Desk) -> list[str]:
    return sorted(item.text or "" for item in (await desk.served.story.patient_view()).items)


@pytest.mark.parametrize(
    "grown",
    [
        "date,value\n2026-05-01,70\n2026-05-03,71.5\n2026-05-04,72",
        "date,value\n2026-05-03,71.5\n2026-05-01,70\n2026-05-04,72",
        "value;unit;date\n72;kg;2026-05-04\n70;kg;2026-05-01\n71,5;kg;03/05/2026 12:00",
    ],
    ids=["a line above", "a line between", "other columns and commas"],
)
async def test_a_file_that_has_grown_adds_only_its_new_lines(house: Served, browser: Browser, grown: str) -> None:
    desk = await amina_at(browser, house)
    assert (await imported(desk, "date,value\n2026-05-03,71.5\n2026-05-04,72")).status_code == 303
    page = await previewed(desk, grown)
    assert "One line can be added" in plain(page)
    assert plain(page).count("This is in the record already.") == 2
    before = await house.size()
    assert (await desk.send(page, {}, "/readings/import")).status_code == 303
    assert await house.said(before) == ["item-added/1"]
    assert await values_of(desk) == ["70 kg", "71.5 kg", "72 kg"]


async def test_the_same_number_at_another_time_of_another_kind_or_in_another_record_is_another_reading(
    house: Served, browser: Browser
) -> None:
    desk = await amina_at(browser, house)
    for lines, what in [
        ("2026-05-03 08:00,72", "weight"),
        ("2026-05-03 09:00,72", "weight"),
        ("2026-05-03 08:00,72", "pulse"),
        ("2026-05-03 08:00,72,lb", "weight"),
    ]:
        before = await house.size()
        assert (await imported(desk, lines, what)).status_code == 303
        assert await house.said(before) == ["item-added/1"], (lines, what)
    another = await amina_at(browser, house)
    assert (await imported(another, "2026-05-03 08:00,72")).status_code == 303
    assert await values_of(another) == ["72 kg"]


async def test_the_id_of_a_line_rests_on_what_it_says_and_on_the_services_secret() -> None:
    keyring = fixed_keyring()
    line = {"what": "weight", "value": "72", "unit": "kg", "at": "2026-05-03T07:00:00.000Z"}
    told = [line, line, {**line, "value": "72,0"}, {**line, "unit": "lb"}, {**line, "what": "pulse"}]
    ids = ids_by(keyring, "amina", "record", told)
    assert len(set(ids)) == len(told)
    assert ids_by(keyring, "amina", "record", told[:1]) == ids[:1]
    for another in (
        ids_by(replace(keyring, service_secret=bytes(32)), "amina", "record", told),
        ids_by(keyring, "sam", "record", told),
        ids_by(keyring, "amina", "another record", told),
    ):
        assert not set(another) & set(ids)


async def test_a_file_of_a_spreadsheet_is_read_whatever_stands_around_its_lines(
    house: Served, browser: Browser
) -> None:
    desk = await amina_at(browser, house)
    lines = '\ufeff"Value"\t"Date"\r\r"71,5"\t"03/05/2026"\r'
    assert "One line can be added" in plain(await previewed(desk, lines))


@pytest.mark.parametrize(
    "lines", ["", "date;value", "date;pulse\n2026-05-03;60", "\n".join(["2026-05-03,60"] * 201)],
    ids=["nothing", "names alone", "no value", "too many"],
)  # fmt: skip
async def test_lines_that_cannot_be_read_at_all_are_kept_and_told(house: Served, browser: Browser, lines: str) -> None:
    desk = await amina_at(browser, house)
    answer = await previewed(desk, lines, "pulse", status=422)
    assert "csv" in errors(answer)
    assert lines in answer.text


async def test_a_clinician_adds_one_in_the_room_and_a_carer_sees_what_is_shared(
    house: Served, browser: Browser
) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    await desk.sit(story.okafor)
    page = await desk.opened(places.READINGS({"purpose": "appointment"}, record=desk.record))
    answer = await desk.send(page, {**WEIGHT, "what": PRESSURE, "value": "134/82"}, "/readings/add")
    assert answer.status_code == 303, plain(answer)
    assert "purpose=appointment" in answer.headers["location"]
    await desk.sit(story.sam)
    address = places.READINGS(record=desk.record)
    assert "134/82" not in (await desk.opened(address)).text
    await story.share({"kind": "kind", "of": "reading"})
    page = await desk.opened(address)
    assert "134/82" in plain(page)
    assert "/forms/record" not in main(page)


async def test_readings_are_listed_by_when_they_were_with_a_picture(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page = await previewed(desk, "date,value\n2026-05-03,70\n2026-05-01,71\n2026-05-02,72")
    await desk.send(page, {}, "/readings/import")
    page = await desk.opened(places.READINGS(record=desk.record))
    assert 'role="img"' in main(page)
    rows = [plain_row for plain_row in main(page).split("<tr>") if "datetime" in plain_row]
    assert [row.partition('datetime="')[2][:10] for row in rows] == ["2026-05-03", "2026-05-02", "2026-05-01"]


def observation(data: dict[str, str]) -> dict[str, Any]:
    written = "2026-06-01T00:00:00.000Z"
    item: dict[str, Any] = {
        "id": "one", "kind": "reading", "title": "Reading", "text": "", "data": data, "made_at": written,
        "recorded_at": written, "in_error": None, "amendments": [], "children": [],
    }  # fmt: skip
    someone = {"reference": "Patient/1"}
    return SHAPES["reading"](item, Around(someone, someone, None, answers_words=False, refer=lambda _author: someone))


@pytest.mark.parametrize("what", [what for what, measure in MEASURES.items() if measure.code])
async def test_a_reading_is_an_observation_with_its_code_its_number_and_its_time(what: str) -> None:
    value = "134/82" if what == PRESSURE else "42.5"
    data = coded({"what": what, "value": value, "unit": MEASURES[what].unit, "at": "2026-05-03T07:30:00.000Z"})
    told = observation(data)
    assert told["effectiveDateTime"] == "2026-05-03T07:30:00.000Z"
    assert told["code"]["coding"] == [{"system": "http://loinc.org", "code": MEASURES[what].code}]
    if what == PRESSURE:
        assert [part["valueQuantity"]["value"] for part in told["component"]] == [134, 82]
    else:
        assert told["valueQuantity"] == {"value": 42.5, "unit": MEASURES[what].unit}


@pytest.mark.parametrize("at", [None, "yesterday", "2026-05-03"])
async def test_an_observation_that_does_not_say_when_it_was_made_tells_when_it_was_written(at: str | None) -> None:
    told = observation({"value": "1", **({"at": at} if at else {})})
    assert told["effectiveDateTime"] == "2026-06-01T00:00:00.000Z"


async def test_an_example_of_a_day_on_which_something_was_measured_is_past(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    for place in (places.READINGS, places.READINGS_FILE, places.LOOKS):
        page = await desk.opened(place(record=desk.record))
        assert re.search(r"27[ /]0?3[ /]2026", main(page)), place
        assert not re.search(r"27[ /]0?3[ /]2027", main(page)), place
