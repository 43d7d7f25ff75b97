"""Notices: the patient is told, at once; the guardian alone delays it; and nobody is told that they lost access."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.postgres import EmbeddedPostgres
from ledger.core.instants import DAY, HOUR, MINUTE, SECOND, Instant
from ledger.core.said import Said
from ledger.core.vocabulary import STATEMENT_TYPES
from projections import notices
from projections.notices import BEGINNING, NOTICES, Notice, Notices
from tests.core.random_stories import stories
from tests.core.random_told import Told
from tests.core.story import ADA, AMINA, EVERYTHING, GRETA, MOSS, NADIA, OKAFOR, RECORD, SAM, Story, named, practice
from tests.projections.desk import Desk, Rows, desk_of

Act = Callable[[Story], Any]
BEGUN = len(practice().said)


@pytest.fixture(scope="module")
def desk(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Desk]:
    with desk_of(postgres, migrated_template) as desk:
        yield desk


def read(desk: Desk, said: list[Said], at: int, patient: str = AMINA) -> list[Notice]:
    async def page(rows: Rows) -> list[Notice]:
        return await Notices(rows).of_patient(patient, Instant(at))

    return desk.read(said, page)


def outbox(desk: Desk, said: list[Said], at: int, after: tuple[Instant, int] = BEGINNING) -> list[Notice]:
    async def page(rows: Rows) -> list[Notice]:
        return await Notices(rows).outbox(Instant(at), after=after)

    return desk.read(said, page)


def guardian(story: Story, type_: str, **facts: Any) -> None:
    story.say(type_, GRETA, "guardian", record=RECORD, **facts)


def item(kind: str = "note", author: str = OKAFOR, acting_as: str = "clinician", **facts: Any) -> Act:
    return lambda story: story.item("it", author, acting_as, kind=kind, **facts)


def by_doctor(type_: str, **facts: Any) -> Act:
    return lambda story: story.clinician(type_, **facts)


def by_mother(type_: str, **facts: Any) -> Act:
    return lambda story: story.say(type_, NADIA, "parent", record=RECORD, **facts)


def by_registrar(type_: str, **facts: Any) -> Act:
    return lambda story: story.say(type_, ADA, "registrar", record=RECORD, **facts)


IT = {"item": named("it")}
PARENTAL = {"parental": named("parental")}
TERM: dict[str, Any] = {"from_": None, "until": None}
DIRECTIVE = {"directive": named("directive"), "scope": EVERYTHING, "grantee": {"kind": "person", "id": SAM},
             "effect": "share", "condition": None, "replaces": None, "hidden": False}  # fmt: skip
POWER = {"power": named("power"), "person": SAM, "kind": "attorney", "matters": ["treatment"], "holders": 1,
         "terms": "jointly", "registered_on": None}  # fmt: skip
LATER = "2026-06-04T09:00:00.000Z"
EARLIER = "2026-05-04T09:00:00.000Z"
TOLD: dict[str, tuple[str, str | None, Act]] = {
    "somebody opened the record as an emergency": (
        "emergency", named(f"emergency {BEGUN}"), lambda story: story.emergency(),
    ),
    "a parent shared something": ("directive-for-you", None, by_mother("directive-made/1", **DIRECTIVE, **TERM)),
    "a parent stopped all sharing": ("directive-for-you", None, by_mother("sharing-stopped/1")),
    "a parent named a carer": ("directive-for-you", None, by_mother("carer-named/1", person=SAM)),
    "a clinician in the room began a session together": (
        "directive-for-you", None, by_doctor("together-started/1", together=named("together"), person=SAM, until=LATER),
    ),
    "something is shown in their best interests": (
        "best-interests", named("best interests"),
        by_doctor("best-interests-made/1", best_interests=named("best interests"), assessment=named("assessment"),
                  person=SAM, scope=[{"kind": "item", "of": named("it")}], until=LATER),
    ),
    "their capacity was assessed": ("capacity", named(f"assessment {BEGUN}"), lambda story: story.assess()),
    "a power was registered": (
        "power", None, by_registrar("power-registered/1", **POWER, from_=EARLIER, until=None),
    ),
    "a parent was registered": (
        "parent", None, by_registrar("parent-registered/1", **PARENTAL, person=NADIA, from_=EARLIER, until=None),
    ),
    "words were erased": ("erased", named("it"), lambda story: (item()(story), story.erase(named("it")))),
    "their question was answered": (
        "answer", named("question"),
        lambda story: guardian(story, "access-answered/1", question=named("question")),
    ),
    "their dispute was answered": ("answer", named("it"), by_doctor("dispute-answered/1", **IT, outcome="declined")),
    "the answer to their dispute was reviewed": (
        "answer", named("it"), by_doctor("dispute-reviewed/1", **IT, outcome="upheld"),
    ),
    "a result was released": ("released", named("it"), by_doctor("result-released/1", **IT)),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "subject", "act"), TOLD.values(), ids=TOLD)
def test_the_patient_is_told_at_once(desk: Desk, kind: str, subject: str | None, act: Act) -> None:
    story = practice()
    act(story)
    [notice] = read(desk, story.said, story.now)
    assert (notice.kind, notice.subject, notice.due_at) == (kind, subject, story.now)
    assert (notice.record, notice.patient, notice.position) == (RECORD, AMINA, len(story.said) - 1)
    assert read(desk, story.said, story.now - 1) == []
    assert outbox(desk, story.said, story.now) == [notice]


def test_every_kind_is_told_of_somewhere_and_every_statement_is_one_there_is() -> None:
    assert {kind for kind, _, _ in TOLD.values()} | {"emergency-reviewed"} == set(NOTICES)
    assert set(notices._TELLS) <= set(STATEMENT_TYPES)


def test_nobody_else_is_told_anything_and_no_carer_hears_what_was_taken_from_them(desk: Desk) -> None:
    story = practice()
    story.share(EVERYTHING)
    by_mother("carer-suspended/1", person=SAM)(story)
    by_mother("sharing-stopped/1")(story)
    by_mother("carer-ended/1", person=SAM)(story)
    story.emergency()
    for somebody in (SAM, NADIA, MOSS, OKAFOR, GRETA):
        assert read(desk, story.said, story.now, somebody) == []
    assert {one.patient for one in outbox(desk, story.said, story.now)} == {AMINA}


def test_what_the_patient_says_is_no_news_to_them(desk: Desk) -> None:
    story = practice()
    story.share(EVERYTHING)
    story.patient("carer-suspended/1", person=SAM)
    story.patient("sharing-stopped/1")
    item("result")(story)
    story.patient("result-released/1", item=named("it"))
    assert read(desk, story.said, story.now + DAY) == []


def test_only_the_guardian_delays_the_notice_of_an_emergency_and_its_review_waits_with_it(desk: Desk) -> None:
    story = practice()
    emergency = story.emergency()
    opened = story.now
    assert [one.due_at for one in read(desk, story.said, opened)] == [opened]
    until = story.now + 72 * HOUR
    guardian(story, "notice-delayed/1", emergency=emergency, until=until)
    guardian(story, "emergency-reviewed/1", emergency=emergency, outcome="justified")
    assert read(desk, story.said, until - 1) == []
    assert [one.kind for one in read(desk, story.said, until)] == ["emergency-reviewed", "emergency"]
    guardian(story, "notice-delayed/1", emergency=emergency, until=until + HOUR)
    assert read(desk, story.said, until) == []
    assert len(read(desk, story.said, until + HOUR)) == 2
    other = story.emergency(OKAFOR)
    assert [one.subject for one in read(desk, story.said, story.now)] == [other]


def test_a_result_that_is_held_back_is_told_of_when_it_opens(desk: Desk) -> None:
    story = practice()
    item("result")(story)
    until = story.now + 5 * DAY
    by_doctor("result-held/1", item=named("it"), until=until)(story)
    held = list(story.said)
    assert read(desk, held, until - 1) == []
    assert [one.kind for one in read(desk, held, until)] == ["released"]
    story.now = Instant(story.now + DAY)
    by_doctor("result-released/1", item=named("it"))(story)
    assert [one.due_at for one in read(desk, story.said, until)] == [story.now]


def test_a_later_notice_about_the_same_takes_the_place_of_the_one_before(desk: Desk) -> None:
    story = practice()
    by_doctor("dispute-answered/1", **IT, outcome="declined")(story)
    first = outbox(desk, story.said, story.now)
    by_doctor("dispute-answered/1", **IT, outcome="amended")(story)
    [notice] = read(desk, story.said, story.now)
    assert notice.due_at == story.now
    assert outbox(desk, story.said, story.now, first[-1].place) == [notice]


def test_the_outbox_waits_with_what_was_delayed_until_nothing_can_come_to_stand_before_it(desk: Desk) -> None:
    story = practice()
    emergency = story.emergency()
    guardian(story, "notice-delayed/1", emergency=emergency, until=story.now + HOUR)
    until = story.now - SECOND + HOUR
    assert outbox(desk, story.said, until) == []
    assert [one.kind for one in outbox(desk, story.said, until + MINUTE)] == ["emergency"]
    story.now = Instant(until)
    by_mother("sharing-stopped/1")(story)
    assert [one.kind for one in outbox(desk, story.said, story.now)] == ["emergency", "directive-for-you"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(told=stories, looks=st.lists(st.integers(1, 200), max_size=5))
def test_an_outbox_that_is_read_now_and_then_has_each_notice_once_and_in_order(
    desk: Desk, told: Told, looks: list[int]
) -> None:
    said = told.story.said
    place, seen = BEGINNING, []
    for upto in [*sorted(look % len(said) + 1 for look in looks), len(said)]:
        for notice in outbox(desk, said[:upto], said[upto - 1].recorded_at, place):
            seen.append(notice)
            place = notice.place
    last = outbox(desk, said, said[-1].recorded_at)
    assert set(last) <= set(seen)
    assert [one.place for one in seen] == sorted({one.place for one in seen})
