"""The worklist and the notices over HTTP: each line only for who may see what it is about, and recorded before."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import wiring
from api.clock import clock
from api.command_line.notices import place_of, print_outbox
from api.http import worklist
from api.http.app import create_app
from api.settings import Settings
from api.wiring import House
from ledger.core.instants import DAY, HOUR, Instant, format_instant
from ledger.saying import By
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from projections.due import KINDS
from tests.command_line.running import call
from tests.http.served import BASE, Client, Served, problem
from tests.story import KEYRING


@asynccontextmanager
async def later(served: Served, days: int, home: Path, patched: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """The same service some days on: its ledger's clock is ahead."""
    patched.setattr(wiring, "clock", lambda: Instant(clock() + days * DAY))
    database = served.story.database
    app = create_app(House(Settings(home=home), KEYRING, database.dsn(), database.superuser_dsn))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=BASE) as http,
    ):
        yield Served(app, http, served.story, served.keys)


async def listed(served: Served, client: Client, path: str = "/worklist", **query: Any) -> list[dict[str, Any]]:
    """The lines of a list, once it has heard of what the story's own ledger, another process, has admitted."""
    await served.story.settled()
    purpose = {"clinician": "task", "guardian": "audit"}.get(client.by.acting_as)
    answer = await client.get(path, **({} if purpose is None else {"purpose": purpose}), **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["notices" if path == "/notices" else "lines"]
    return found


def kinds(lines: list[dict[str, Any]]) -> list[str]:
    return [line["kind"] for line in lines]


async def test_a_clinician_is_shown_what_is_due_in_the_records_of_their_care_and_that_is_recorded(
    served: Served,
) -> None:
    story = served.story
    okafor, lind, moss = [await served.sign_in(by) for by in (story.okafor, story.lind, story.moss)]
    note = await story.note("Inappropriate laughter.")
    await story.note("Only thinking.", kind="working-note")
    disputed = await story.ledger.items.dispute(story.amina, story.record, note, "It was a joke.")
    before = await served.size()
    lines = await listed(served, lind)
    assert kinds(lines) == ["carer-conversation", "dispute"]
    dispute = lines[1]
    assert (dispute["record"], dispute["subject"]) == (story.record, disputed.facts["item"])
    assert (dispute["overdue"], dispute["says"]) == (False, KINDS["dispute"])
    assert dispute["patient"] == {"id": story.amina.person, "name": "Amina Diallo"}
    assert kinds(await listed(served, lind, kind=["dispute", "question"])) == ["dispute"]
    problem(await lind.get("/worklist", purpose="task", kind="disputes"), 422, "malformed")
    await story.settled()
    assert await served.said(before) == ["disclosure-made/1"] * 2
    for line in await story.trail.seen_by(str(disputed.facts["item"])):
        assert (line.viewer, line.purpose, line.items) == (story.lind.person, "task", 1)
    assert kinds(await listed(served, okafor)) == ["carer-conversation", "working-note", "dispute"]
    size = await served.size()
    assert await listed(served, moss) == []
    assert await served.size() == size
    assert "laughter" not in str(lines)
    assert "joke" not in str(lines)

    first = (await okafor.get("/worklist", purpose="task", limit=2)).json()
    rest = (await okafor.get("/worklist", purpose="task", limit=2, cursor=first["cursor"])).json()
    assert (kinds(first["lines"]), kinds(rest["lines"]), rest["cursor"]) == (
        ["carer-conversation", "working-note"], ["dispute"], None,
    )  # fmt: skip
    problem(await lind.get("/worklist", purpose="task", cursor=first["cursor"]), 400, "cursor")


async def test_what_the_patient_seals_without_a_trace_is_on_no_list_and_in_no_count(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = served.story
    note = await story.note("Inappropriate laughter.")
    await story.ledger.items.dispute(story.amina, story.record, note, "It was a joke.")
    okafor = await served.sign_in(story.okafor)
    assert kinds(await listed(served, okafor)) == ["carer-conversation", "dispute"]
    async with later(served, 40, tmp_path / "later", monkeypatch) as on:
        lind = await on.sign_in(story.lind)
        counted = (await lind.get("/worklist/counts", purpose="task")).json()["overdue"]
        assert counted == {**dict.fromkeys(KINDS, 0), "carer-conversation": 1, "dispute": 1}
        assert kinds(await listed(served, lind, overdue=True)) == ["carer-conversation", "dispute"]
        team = {"kind": "team", "id": story.practice}
        seal = Directing(team, {"kind": "item", "of": note}, "withhold", hidden=True)
        await story.ledger.sharing.direct(story.amina, story.record, seal)
        assert kinds(await listed(served, lind)) == ["carer-conversation"]
        counted = (await lind.get("/worklist/counts", purpose="task")).json()["overdue"]
        assert counted == {**dict.fromkeys(KINDS, 0), "carer-conversation": 1}
        page = (await lind.get("/worklist", purpose="task", limit=1)).json()
        assert (kinds(page["lines"]), page["cursor"]) == (["carer-conversation"], None)


async def test_of_each_kind_so_many_are_counted_and_no_more_whatever_else_is_overdue(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklist, "COUNTED_TO", 3)
    story = served.story
    for n in range(5):
        note = await story.note(f"Note {n}.")
        await story.ledger.items.dispute(story.amina, story.record, note, "It was a joke.")
    async with later(served, 40, tmp_path / "later", monkeypatch) as on:
        lind = await on.sign_in(story.lind)
        assert len(await listed(served, lind, overdue=True)) == 6
        told = (await lind.get("/worklist/counts", purpose="task")).json()
        assert told["overdue"] == {**dict.fromkeys(KINDS, 0), "carer-conversation": 1, "dispute": 3}
        assert told["counted_to"] == 3
        team = {"kind": "team", "id": story.practice}
        for label in ("note", "comment"):  # with what is sealed nothing is counted, so others are
            seal = Directing(team, {"kind": "kind", "of": label}, "withhold", hidden=True)
            await story.ledger.sharing.direct(story.amina, story.record, seal)
        await story.settled()
        told = (await lind.get("/worklist/counts", purpose="task")).json()
        assert told["overdue"] == {**dict.fromkeys(KINDS, 0), "carer-conversation": 1}


async def test_a_guardian_is_shown_theirs_over_all_records_and_no_other(served: Served) -> None:
    story = served.story
    greta, moss, amina = [await served.sign_in(by) for by in (story.greta, story.moss, story.amina)]
    assert await listed(served, greta) == []
    until = Instant(story.ledger.clock() + HOUR)
    other = str((await story.ledger.care.open_record(story.ada, story.lind.person)).facts["record"])
    for record in (story.record, other):
        await story.ledger.sharing.open_emergency(story.moss, record, "urgent-care", "Collapsed.", until)
    note = await story.note("Take care.")
    await story.ledger.erasing.ask(story.amina, story.record, note, "consent-withdrawn", "Told one person only.")
    before = await served.size()
    lines = await listed(served, greta)
    assert kinds(lines) == ["emergency-review", "emergency-review", "erasure-asked"]
    assert {line["record"] for line in lines} == {story.record, other}
    assert {line["patient"]["name"] for line in lines} == {None}
    assert {line["patient"]["id"] for line in lines} == {story.amina.person, story.lind.person}
    assert await served.said(before) == ["disclosure-made/1"] * 2
    [erasure] = [line for line in lines if line["kind"] == "erasure-asked"]
    assert (erasure["subject"], "erasure" in erasure) == (note, False)
    [emergency] = [line["about"] for line in lines if line["record"] == other]
    review = f"/records/{other}/emergencies/{emergency}/review"
    await greta.say(review, outcome="justified", reason="He was unconscious.")
    assert [line["record"] for line in await listed(served, greta)] == [story.record, story.record]
    assert kinds(await listed(served, moss)) == []
    for client in (amina, await served.sign_in(story.sam), await served.sign_in(By(story.ruth.person, "auditor"))):
        for path in ("/worklist", "/worklist/counts"):
            purpose = {"auditor": "audit"}.get(client.by.acting_as)
            answer = await client.get(path, **({} if purpose is None else {"purpose": purpose}))
            assert problem(answer, 403, "not-allowed")["rule"] == "no-list"


async def test_who_looked_is_asked_and_answers_and_a_guardian_hears_of_it_when_it_is_late(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = served.story
    until = Instant(story.ledger.clock() + HOUR)
    await story.ledger.sharing.open_emergency(story.moss, story.record, "urgent-care", "Collapsed.", until)
    moss, amina = await served.sign_in(story.moss), await served.sign_in(story.amina)
    seen = await moss.get(served.record, purpose="emergency")
    assert seen.status_code == 200
    looks = (await amina.get(f"{served.record}/trail")).json()["lines"]
    [look] = [line["id"] for line in looks if line["viewer"]["id"] == story.moss.person]
    await story.ledger.sharing.question_access(story.amina, story.record, look, "Out of curiosity?")
    [asked] = await listed(served, moss)
    assert (asked["kind"], asked["person"], asked["record"]) == ("question", story.moss.person, story.record)
    assert "curiosity" not in str(asked)
    async with later(served, 29, tmp_path / "later", monkeypatch) as on:
        greta = await on.sign_in(story.greta)
        assert "question" in kinds(await listed(served, greta, overdue=True))
        counted = (await greta.get("/worklist/counts", purpose="audit")).json()["overdue"]
        assert (counted["question"], counted["emergency-review"]) == (1, 1)
        await story.ledger.sharing.answer_access(story.moss, story.record, asked["about"], "You had collapsed.")
        assert "question" not in kinds(await listed(served, greta))
        later_amina = await on.sign_in(story.amina)
        [answer] = [one for one in await listed(served, later_amina, "/notices") if one["kind"] == "answer"]
        assert answer["subject"] == asked["about"]


async def test_the_patient_is_told_of_what_they_may_see_and_when_the_guardian_no_longer_delays_it(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    story = served.story
    amina, ledger = await served.sign_in(story.amina), story.ledger
    assert await listed(served, amina, "/notices") == []
    now = ledger.clock()
    opened = await ledger.sharing.open_emergency(story.moss, story.record, "urgent-care", "Fell.", Instant(now + HOUR))
    emergency = str(opened.facts["emergency"])
    before = await served.size()
    [notice] = await listed(served, amina, "/notices")
    assert (notice["kind"], notice["subject"], notice["record"]) == ("emergency", emergency, story.record)
    assert notice["at"] == format_instant(opened.recorded_at)
    assert await served.said(before) == ["disclosure-made/1"]

    until = Instant(now + 48 * HOUR)
    await ledger.sharing.delay_notice(story.greta, story.record, emergency, until, "He may be in danger.")
    hidden = await ledger.items.add(story.okafor, story.record, Draft("result", "Positive.", "Test"))
    result = str(hidden.facts["item"])
    kept = ("patient", "third-party", "2026-01-01", "2030-01-01", "About somebody else.")
    await ledger.items.release(story.okafor, story.record, result)
    assert kinds(await listed(served, amina, "/notices")) == ["released"]
    await _withhold(served, result, *kept)
    assert await listed(served, amina, "/notices") == []
    house = House(Settings(home=tmp_path / "outbox"), KEYRING, story.database.dsn(), story.database.superuser_dsn)
    await print_outbox(house)
    assert capsys.readouterr().out == ""

    async with later(served, 3, tmp_path / "later", monkeypatch) as on:
        [told] = await listed(served, await on.sign_in(story.amina), "/notices")
        assert (told["kind"], told["at"]) == ("emergency", format_instant(until))
        await print_outbox(house)
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["person"], line["kind"], line["due_at"]) == (story.amina.person, "emergency", format_instant(until))
    assert set(line) == {"person", "kind", "due_at", "mark"}
    await print_outbox(house, place_of(line["mark"]))
    assert capsys.readouterr().out == ""


async def _withhold(served: Served, item: str, *said: str) -> None:
    kept_from, ground, opinion, review, reason = said
    okafor = await served.sign_in(served.story.okafor)
    body = {"from": kept_from, "ground": ground, "opinion_date": opinion, "review_date": review, "reason": reason}
    await okafor.say(f"{served.record}/items/{item}/withholdings", **body)


async def test_notices_are_the_patients_alone(served: Served) -> None:
    story = served.story
    await story.share({"kind": "everything"})
    await story.ledger.sharing.suspend(story.amina, story.record, story.sam.person)
    for by in (story.sam, story.okafor, story.greta, By(story.sam.person, "attorney")):
        client = await served.sign_in(by)
        assert problem(await client.get("/notices"), 403, "not-allowed")["rule"] == "no-list"
    stranger = await served.sign_in(By(story.sam.person, "patient"))
    size = await served.size()
    assert await listed(served, stranger, "/notices") == []
    assert await served.size() == size


@pytest.mark.parametrize(
    "mark", ["", "73894", "2026-05-03/7", "2026-05-03T09:00:00.000Z/-1", "2026-05-03T09:00:00.000Z/x"]
)
def test_a_mark_that_no_line_had_is_refused_with_what_to_do(mark: str, tmp_path: Path) -> None:
    refused = call(tmp_path, "notices", "--since", mark)
    assert refused.exit_code == 2
    assert "Copy the last one." in refused.output
