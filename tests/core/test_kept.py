"""What is kept from a patient, as those who treat them are told it: the patient's own decision, and when it ends."""

from collections.abc import Callable

import pytest

from ledger.core.decisions import Permit
from ledger.core.instants import DAY, Instant
from ledger.core.secrecy import Kept, kept_from_patient
from tests.core.story import AMINA, LIND, RECORD, SAM, Story, practice


def working_note(story: Story) -> str:
    return story.item("thoughts", kind="working-note")


def answer_to_a_working_note(story: Story) -> str:
    return story.item("answer", LIND, kind="comment", parent=working_note(story), concern="comment")


def flag(story: Story) -> str:
    return story.item("flag", kind="flag")


def confidence(story: Story) -> str:
    return story.item("told", SAM, "carer", kind="contribution", in_confidence=True)


def confidence_that_is_accepted(story: Story) -> str:
    told = confidence(story)
    story.withholding(told, "patient", "third-party")
    return told


def confidence_with_leave(story: Story) -> str:
    told = confidence(story)
    story.clinician("leave-asked/1", item=told)
    story.say("leave-answered/1", SAM, "carer", record=RECORD, item=told, outcome="given")
    return told


def held_result(story: Story) -> str:
    result = story.item("result", kind="result")
    story.clinician("result-held/1", item=result, until=story.now + 99 * DAY)
    return result


def held_result_that_waits_as_well(story: Story) -> str:
    story.patient("results-wish-stated/1", wish="tell-me-first")
    return held_result(story)


def serious_harm(story: Story) -> str:
    note = story.item("note")
    story.withholding(note, "patient", "serious-harm")
    return note


def off_the_screen(story: Story) -> str:
    return story.item("note", topics=["domestic-abuse"])


def from_carers_only(story: Story) -> str:
    note = story.item("note")
    story.withholding(note, "carers", "third-party")
    return note


def plain_note(story: Story) -> str:
    return story.item("note")


Made = Callable[[Story], str]
BY_ITSELF = {
    working_note: 28 * DAY,
    answer_to_a_working_note: 28 * DAY,
    confidence: 14 * DAY,
    held_result: 14 * DAY,
}
"""Kinds of secrets that end by themselves, so long after the first thing was said of them."""
NEVER: tuple[Made, ...] = (
    flag,
    confidence_that_is_accepted,
    held_result_that_waits_as_well,
    off_the_screen,
)
OPEN: tuple[Made, ...] = (confidence_with_leave, from_carers_only, plain_note)


def kept(story: Story, item: str, at: int | None = None) -> Kept | None:
    known = story.facts(AMINA).record
    assert known is not None
    return kept_from_patient(known, known.items[item], Instant(story.now if at is None else at))


@pytest.mark.parametrize("made", [*BY_ITSELF, *NEVER, *OPEN, serious_harm])
def test_it_is_kept_as_long_as_the_patients_own_decision_says_so(made: Made) -> None:
    story = practice()
    item = made(story)
    for days in (0, 13, 14, 27, 28, 200, 300):
        at = Instant(story.now + days * DAY)
        decision, told = story.decide(AMINA, "patient", item, at=at), kept(story, item, at)
        assert (told is None) == isinstance(decision, Permit)
        assert told is None or told.rule == decision.rule


@pytest.mark.parametrize("made", [*BY_ITSELF, serious_harm])
def test_what_ends_by_itself_is_told_with_the_instant_from_which_the_patient_sees_it(made: Made) -> None:
    story = practice()
    item = made(story)
    told = kept(story, item)
    assert told is not None
    assert told.until is not None
    assert not isinstance(story.decide(AMINA, "patient", item, at=Instant(told.until - 1)), Permit)
    assert isinstance(story.decide(AMINA, "patient", item, at=told.until), Permit)
    added = next(said.recorded_at for said in story.said if said.type == "item-added/1")
    assert made not in BY_ITSELF or told.until == added + BY_ITSELF[made]


@pytest.mark.parametrize("made", NEVER)
def test_what_ends_only_by_somebodys_word_is_told_without_an_instant(made: Made) -> None:
    story = practice()
    told = kept(story, made(story))
    assert told is not None
    assert told.until is None
