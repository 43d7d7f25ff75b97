"""Readings on pages: from a form or from pasted lines, each once, with a picture; what is wrong is told by line."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.pages import places
from api.pages.readings_file import MOST_LINES, Unreadable, lines_of
from ledger.core.instants import Instant, format_instant
from ledger.use_cases.items import Draft
from tests.http.served import Served
from tests.pages.at_work import Desk, a_patient_of_their_own, errors, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
LONDON = ZoneInfo("Europe/London")
NOW = Instant(int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000))
GOOD = {"what": "weight", "value": "71.5", "day-day": "20", "day-month": "11", "day-year": "2025", "time": "08:30"}
LINES = "Date,Value,Unit\r\n20/11/2025 08:30,5.6,mmol/L\r\n2025-11-21,six,mmol/L\r\n21.11.2025,6.1,"


async def amina_at(browser: Browser, house: Served) -> Desk:
    desk = await a_patient_of_their_own(browser, house)
    return await desk.sit(desk.served.story.amina)


async def test_amina_adds_a_reading_once_and_sees_it_in_its_list(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page = await desk.opened(places.READINGS(record=desk.record))
    assert "There are no readings to show you yet." in plain(page)
    first, again = [await desk.send(page, GOOD, "/readings/add") for _ in range(2)]
    assert first.status_code == again.status_code == 303
    shown = await desk.opened(first.headers["location"])
    assert plain(shown).count("20 November 2025 at 08:30 71.5") == 1
    assert "<svg" not in main(shown), "one reading is no picture"
    await desk.send(shown, GOOD | {"value": "71,2"}, "/readings/add")
    shown = await desk.opened(places.READINGS(record=desk.record))
    assert 'role="img"' in main(shown)
    assert "Weight: 2 readings" in main(shown)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"what": ""}, {"what": "Choose what you measured."}),
        ({"value": ""}, {"value": "Write what it was."}),
        ({"value": "much"}, {"value": "Write a number, as 5.6."}),
        ({"value": "7150"}, {"value": "Write a number from 0.2 to 700."}),
        ({"what": "blood-pressure", "value": "120"}, {"value": "Write both numbers, as 120/80."}),
        ({"what": "other"}, {"name": "Write what you measured."}),
        ({"day-month": "13"}, {"day": "This is not a day. Write it in numbers, as 27 3 2027."}),
        ({"day-year": "2225"}, {"day": "This day or time is still to come."}),
        ({"time": "25:00"}, {"time": "Write the time as 08:30, or leave it empty."}),
    ],
)
async def test_what_is_no_reading_is_told_beside_its_field(
    house: Served, browser: Browser, changes: dict[str, str], wrong: dict[str, str]
) -> None:
    desk = await amina_at(browser, house)
    page = await desk.opened(places.READINGS(record=desk.record))
    answer = await desk.send(page, GOOD | changes, "/readings/add")
    assert (answer.status_code, errors(answer)) == (422, wrong)
    assert (await desk.served.story.patient_view()).items == ()


async def test_lines_are_looked_at_first_and_then_each_is_added_once(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    pasted = {"what": "glucose", "csv": LINES}
    before = await house.size()
    looked = await desk.send(await desk.opened(places.READINGS_FILE(record=desk.record)), pasted, "/check")
    assert looked.status_code == 200
    for told in ("Nothing is added yet.", "2 lines can be added.", "One line cannot", "Write a number, as 5.6."):
        assert told in plain(looked), told
    assert "2025-11-21,six,mmol/L" in plain(looked), "what is wrong is shown as it was pasted"
    assert "item-added/1" not in await house.said(before)
    for _ in range(2):
        added = await desk.send(looked, {}, "/import")
        assert added.status_code == 303, plain(added)
    assert (await house.said(before)).count("item-added/1") == 2
    shown = await desk.served.story.patient_view()
    assert sorted(item.text for item in shown.items) == ["5.6 mmol/L", "6.1 mmol/L"]


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ({"what": "", "csv": LINES}, {"what": "Choose what you measured."}),
        ({"what": "glucose", "csv": " \n "}, {"csv": "Paste the lines of your file."}),
        ({"what": "glucose", "csv": "value,unit\n1,2"},
         {"csv": "The first line must name one column “date” and one “value”. It may name “time” and “unit”."}),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_read_is_shown_again(
    house: Served, browser: Browser, members: dict[str, str], wrong: dict[str, str]
) -> None:
    desk = await amina_at(browser, house)
    page = await desk.opened(places.READINGS_FILE(record=desk.record))
    answer = await desk.send(page, members, "/check")
    assert (answer.status_code, errors(answer)) == (422, wrong)


async def test_an_imported_blood_pressure_has_its_upper_value_first(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    parts = {f"part-{code}-{of}": said for code, value in (("8480-6", "142"), ("8462-4", "88"))
             for of, said in (("value", value), ("unit", "mmHg"))}  # fmt: skip
    draft = Draft("reading", "142/88 mmHg", "Blood pressure", data=parts)
    await story.ledger.items.add(story.okafor, desk.record, draft)
    assert "142/88" in plain(await desk.opened(places.READINGS(record=desk.record)))


@pytest.mark.parametrize(
    ("line", "at", "value", "unit"),
    [
        ("20/11/2026 08:30,5.6,mg/dL", "2026-11-20T08:30:00.000Z", "5.6", "mg/dL"),
        ("2026-07-20 08:30;5,6", "2026-07-20T07:30:00.000Z", "5,6", "mmol/L"),
        ("20.11.2026\t8:05\t5,6\tmmol/L", "2026-11-20T08:05:00.000Z", "5,6", "mmol/L"),
        ("2026-11-20T08:30:00+02:00,5.6", "2026-11-20T06:30:00.000Z", "5.6", "mmol/L"),
        ('20-11-2026,"5,6"', "2026-11-20T12:00:00.000Z", "5,6", "mmol/L"),
        ("2026-11-20,08:30,5.6", "2026-11-20T08:30:00.000Z", "5.6", "mmol/L"),
    ],
)
async def test_a_line_is_read_as_people_and_devices_write_it(line: str, at: str, value: str, unit: str) -> None:
    [read] = lines_of(line, "glucose", LONDON, NOW)
    assert (read.problem, read.at, read.value, read.unit) == (None, at, value, unit)


@pytest.mark.parametrize(
    "line",
    [
        "31/02/2026,5.6", "20/11/26,5.6", "2026-11-23,5.6", "2026-11-20,five", "2026-11-20,5,6", "2026-11-20",
        "2026-11-20 08:61,5.6", "2026-11-20,08:30,5.6,mmol/L,fasting", "2026-11-20,1e3", "2026-11-20,\u0665", ",5.6",
        "2026-11-20,=1+1",
    ],
)  # fmt: skip
async def test_a_line_that_is_none_says_what_is_wrong_and_keeps_its_words(line: str) -> None:
    good = "2026-11-01,4.4"
    first, read = lines_of(f"{good}\n{line}", "glucose", LONDON, NOW)
    assert first.problem is None
    assert (read.number, read.text) == (2, line)
    assert read.problem, read


async def test_a_line_twice_is_told_and_too_many_are_refused() -> None:
    line = f"{format_instant(NOW)},5.6"
    assert [one.problem is None for one in lines_of(f"{line}\n\n{line}", "glucose", LONDON, NOW)] == [True, False]
    with pytest.raises(Unreadable, match=f"at most {MOST_LINES}"):
        lines_of("\n".join([line] * (MOST_LINES + 1)), "glucose", LONDON, NOW)
