"""A view is built of what the ledger has recorded, for the reader it decided about, at once or not at all."""

import asyncio
import copy
import pickle
from dataclasses import fields, replace

import psycopg
import pytest

from ledger.core.instants import Instant
from ledger.disclosure import Disclosure
from ledger.domain.errors import NotAllowed
from ledger.store.errors import NotRecorded
from projections.views import carer, clinician, patient
from tests.story import Story


async def test_a_view_is_built_for_the_reader_who_was_decided_about_and_for_no_other(story: Story) -> None:
    await story.note("Restless.")
    builders = {"carer": carer.build, "patient": patient.build, "clinician": clinician.build}
    for by in (story.amina, story.sam, story.okafor):
        for reader, build in builders.items():
            if reader != by.acting_as:
                with pytest.raises(NotAllowed, match="wanted one to a"):
                    await build(story.ledger, story.timeline, await story.opened(by))


async def test_no_view_is_built_from_a_disclosure_that_the_ledger_did_not_record(story: Story) -> None:
    await story.note("Restless.")
    real = await story.opened(story.amina)
    members = {field.name: getattr(real, field.name) for field in fields(Disclosure)}
    for made_up in (object(), None):
        with pytest.raises(NotAllowed):
            Disclosure(mint=made_up, **members)  # type: ignore[arg-type]
    with pytest.raises((ValueError, NotAllowed, TypeError)):
        replace(real, viewer=story.sam.person)
    hollow = object.__new__(Disclosure)
    for name, value in members.items():
        object.__setattr__(hollow, name, value)
    forged = [hollow, copy.copy(real), copy.deepcopy(real), pickle.loads(pickle.dumps(real))]  # noqa: S301 - our own
    for one in forged:
        with pytest.raises(NotAllowed, match="not recorded"):
            await patient.build(story.ledger, story.timeline, one)
        with pytest.raises(NotAllowed, match="not recorded"):
            await story.ledger.trail.words(one)
    assert (await patient.build(story.ledger, story.timeline, real)).items


async def test_a_disclosure_is_answered_within_its_five_seconds_or_not_at_all(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story.note("Restless.")
    disclosure = await story.opened(story.amina)
    later = Instant(disclosure.recorded_at + 5001)
    monkeypatch.setattr(story.ledger, "clock", lambda: later)
    with pytest.raises(NotAllowed, match="five seconds"):
        await patient.build(story.ledger, story.timeline, disclosure)


async def test_with_the_trail_made_unwritable_nobody_is_shown_anything(story: Story) -> None:
    await story.note("Restless.")
    await story.share({"kind": "everything"})
    with psycopg.connect(story.database.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("revoke insert on ledger.entry from ledger_app")
        superuser.execute(
            "revoke insert (position, author, statement, aggregate, version, type, entry, facts, words)"
            " on ledger.entry from ledger_app"
        )
    for look in (story.clinician_view, story.patient_view, story.carer_view):
        with pytest.raises(NotRecorded):
            await look()


async def test_a_note_is_in_the_view_that_is_opened_right_after_it(story: Story) -> None:
    for n in range(20):
        note = await story.note(f"Note {n}.")
        view = await story.patient_view()
        assert view.items[0].id == note
    views = await asyncio.gather(*(story.clinician_view() for _ in range(10)))
    assert {len(view.items) for view in views} == {20}
