"""What each reader is shown: exactly their part, and nothing that tells of the rest."""

import json
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ledger.core import secrecy
from ledger.core.deadlines import month_after
from ledger.core.explanations import UnknownRule
from ledger.core.instants import MINUTE, Instant
from ledger.core.vocabulary import STATEMENT_TYPES
from ledger.domain.errors import Unknown
from ledger.use_cases.sharing import Directing
from projections.views import carer
from projections.views.audience import AUDIENCE, Depth
from projections.views.explanations import because_kept
from projections.views.fields import INSTANTS, as_json
from projections.views.patient import PatientItem
from tests.story import Story

TODAY = datetime.now(UTC).date()


def text_of(view: Any) -> str:
    """Everything that a view says, as it would be sent."""
    return json.dumps(as_json(view))


async def withheld(story: Story, item: str, kept_from: str, ground: str, reason: str) -> str:
    answer = await story.ledger.items.withhold(
        story.okafor, story.record, item, kept_from=kept_from, ground=ground,
        opinion=TODAY, review=TODAY + timedelta(days=90), reason=reason,
    )  # fmt: skip
    return str(answer.facts["withholding"])


async def test_the_doctor_and_the_patient_read_the_note_and_her_answer_to_it_and_the_carer_nothing(
    story: Story,
) -> None:
    note = await story.note("Inappropriate laughter throughout.", title="Review")
    await story.ledger.items.dispute(story.amina, story.record, note, "It was a joke.", quote="Inappropriate laughter")
    await story.ledger.items.amend(story.okafor, story.record, note, "Laughed at a joke.", reason="She told me why.")
    await story.ledger.items.agree(story.amina, story.record, note, "disagree", text="Not like that.")

    seen = [await story.clinician_view(), await story.patient_view()]
    for view in seen:
        [item] = view.items
        assert (item.kind, item.title, item.text) == ("note", "Review", "Inappropriate laughter throughout.")
        assert (item.author.name, item.author.acting_as) == ("Dr Okafor", "clinician")
        assert [(said.text, said.reason) for said in item.amendments] == [("Laughed at a joke.", "She told me why.")]
        assert [(said.agreement, said.text) for said in item.agreements] == [("disagree", "Not like that.")]
        assert (item.disputed, item.corrected, item.in_error) == (True, True, None)
        [dispute] = item.children
        assert (dispute.quote, dispute.text, dispute.concern) == ("Inappropriate laughter", "It was a joke.", "dispute")
        assert dispute.parent == note
        assert dispute.due == month_after(dispute.recorded_at)
        assert view.patient.name == "Amina Diallo"
    assert [view.items[0].why.rule for view in seen] == ["own-words", "own-record"]

    nothing = await story.carer_view()
    assert (nothing.items, nothing.more) == ((), False)
    await story.assert_sound()


async def test_after_one_directive_the_carer_reads_exactly_the_named_part_and_after_its_withdrawal_nothing(
    story: Story,
) -> None:
    await story.note("Voices at night.", topics=("mental-health",))
    plan = await story.note("Walk together every day.", kind="plan-for-carers", title="What helps")
    directive = await story.share({"kind": "kind", "of": "plan-for-carers"})

    view = await story.carer_view()
    assert [(item.id, item.title, item.text) for item in view.items] == [
        (plan, "What helps", "Walk together every day.")
    ]
    assert "Voices" not in text_of(view)

    await story.ledger.sharing.withdraw(story.amina, story.record, directive)
    assert (await story.carer_view()).items == ()
    with pytest.raises(Unknown):
        await story.carer_view(item=plan)


async def test_what_a_carer_receives_is_the_same_whatever_is_hidden(story: Story) -> None:
    plan = await story.note("Walk together every day.", kind="plan-for-carers")
    await story.share({"kind": "kind", "of": "plan-for-carers"})
    before = as_json(await story.carer_view())

    hidden = await story.note("Voices at night.", topics=("mental-health",))
    await story.ledger.items.comment(story.amina, story.record, plan, "I hate walking.")
    await story.ledger.items.dispute(story.amina, story.record, hidden, "They were neighbours.")
    await story.ledger.items.agree(story.amina, story.record, plan, "disagree", text="Swimming, not walking.")
    secret = await withheld(story, plan, "patient", "serious-harm", "She would stop the medicine.")
    await story.ledger.items.lift(story.okafor, story.record, plan, secret)
    after = as_json(await story.carer_view())

    fresh = {"disclosure", "opened_at"}
    assert {name: after[name] for name in after if name not in fresh} == {
        name: before[name] for name in before if name not in fresh
    }


async def test_a_carer_reads_an_amendment_and_an_error_without_the_reasons_which_may_name_what_is_not_shared(
    story: Story,
) -> None:
    plan = await story.note("Walk.", kind="plan-for-carers")
    await story.share({"kind": "item", "of": plan})
    await story.ledger.items.amend(story.okafor, story.record, plan, "Swim.", reason="Her knee is worse.")
    await story.ledger.items.mark_in_error(story.okafor, story.record, plan, "Copied from another letter.")
    view = await story.carer_view()
    [item] = view.items
    assert [(said.text, said.reason) for said in item.amendments] == [("Swim.", None)]
    assert item.in_error is not None
    assert item.in_error.reason is None
    assert "knee" not in text_of(view)
    assert "letter" not in text_of(view)
    assert "knee" in text_of(await story.patient_view())


async def test_a_carer_reads_their_own_words_and_not_what_the_team_says_about_them(story: Story) -> None:
    mine = await story.note("She has not slept for a week.", kind="contribution", by=story.sam)
    before = as_json((await story.carer_view()).items)
    await story.ledger.items.agree(story.amina, story.record, mine, "disagree", text="He exaggerates.")
    await withheld(story, mine, "patient", "third-party", "It is from her son.")
    assert as_json((await story.carer_view()).items) == before
    assert before[0]["text"] == "She has not slept for a week."


async def test_a_comment_that_is_shared_without_what_it_answers_is_shown_without_anchor(story: Story) -> None:
    note = await story.note("Restless.")
    said = await story.ledger.items.dispute(story.amina, story.record, note, "I was cold.", quote="Restless")
    await story.share({"kind": "item", "of": said.facts["item"]})
    [item] = (await story.carer_view()).items
    assert (item.text, item.quote, item.parent, item.concern) == ("I was cold.", None, None, None)


async def test_what_is_kept_from_the_patient_leaves_its_mark_or_none_as_the_ground_allows(story: Story) -> None:
    harm = await story.note("Risk to herself.")
    await withheld(story, harm, "patient", "serious-harm", "May act on it.")
    flag = await story.note("Husband was present.", kind="flag")
    plain = await story.note("Blood pressure fine.")
    view = await story.patient_view()
    assert [item.id for item in view.items] == [plain]
    assert [(mark.id, mark.why.rule) for mark in view.sealed] == [(harm, "withheld:serious-harm")]
    assert "challenge" in view.sealed[0].why.because
    assert flag not in text_of(view)
    assert "May act" not in text_of(view)


async def test_a_clinician_reads_what_is_kept_from_whom_and_the_patient_never_that_it_was(story: Story) -> None:
    note = await story.note("Her sister rang.")
    kept = await withheld(story, note, "patient", "third-party", "It names the sister.")
    [item] = (await story.clinician_view(story.lind)).items
    [mark] = item.withholdings
    assert (mark.id, mark.kept_from, mark.ground, mark.reason) == (
        kept,
        "patient",
        "third-party",
        "It names the sister.",
    )
    assert mark.author.name == "Dr Okafor"
    await story.ledger.items.lift(story.okafor, story.record, note, kept, reason="She agreed.")
    [item] = (await story.clinician_view(story.lind)).items
    assert item.withholdings == ()
    view = await story.patient_view()
    assert [shown.id for shown in view.items] == [note]
    assert "third-party" not in text_of(view)
    assert "sister." not in text_of(view).replace("Her sister rang.", "")


async def test_a_held_result_is_not_the_patients_yet_and_the_reason_never_is(story: Story) -> None:
    result = await story.note("HbA1c 9.", kind="result")
    until = Instant(story.ledger.clock() + 60 * MINUTE)
    await story.ledger.items.hold(story.okafor, story.record, result, until, "To be told in person.")
    assert [mark.why.rule for mark in (await story.patient_view()).sealed] == ["not-yet"]
    [item] = (await story.clinician_view()).items
    assert item.held is not None
    assert item.held.reason == "To be told in person."
    await story.ledger.items.release(story.okafor, story.record, result)
    [item] = (await story.clinician_view()).items
    assert (item.held, item.released_at is None) == (None, False)
    view = await story.patient_view()
    assert [item.id for item in view.items] == [result]
    assert "in person" not in text_of(view)


async def test_a_patients_seal_leaves_its_mark_for_the_treating_clinician(story: Story) -> None:
    note = await story.note("Seen at the clinic.", topics=("sexual-health",))
    to = {"kind": "team", "id": story.practice}
    await story.ledger.sharing.direct(
        story.amina, story.record, Directing(to, {"kind": "topic", "of": "sexual-health"}, effect="withhold")
    )
    view = await story.clinician_view(story.lind)
    assert view.items == ()
    assert [(mark.id, mark.why.rule) for mark in view.sealed] == [(note, "sealed-by-patient")]


async def test_in_an_emergency_a_locum_reads_what_it_opens_first_and_sees_that_there_is_more(story: Story) -> None:
    note = await story.note("Restless.")
    allergy = await story.note("Penicillin.", kind="allergy")
    until = Instant(story.ledger.clock() + 60 * MINUTE)
    opened = await story.ledger.sharing.open_emergency(
        story.moss, story.record, "life-at-risk", "Unconscious in A&E.", until
    )
    view = await story.clinician_view(story.moss)
    assert (view.why.rule, [item.id for item in view.items]) == ("emergency", [allergy])
    assert [(mark.id, mark.why.rule) for mark in view.sealed] == [(note, "emergency-not-opened")]
    await story.ledger.sharing.open_emergency_item(story.moss, story.record, str(opened.facts["emergency"]), note)
    assert len((await story.clinician_view(story.moss)).items) == 2


async def test_a_dispute_is_shown_with_its_answer_and_the_second_review(story: Story) -> None:
    note = await story.note("Refused treatment.")
    dispute = str(
        (await story.ledger.items.dispute(story.amina, story.record, note, "I asked for time.")).facts["item"]
    )
    await story.ledger.items.answer_dispute(story.okafor, story.record, dispute, "declined", "It is what was said.")
    await story.ledger.items.review_dispute(story.lind, story.record, dispute, "overturned", "She did ask.")
    for view in (await story.clinician_view(), await story.patient_view()):
        [item] = view.items
        [child] = item.children
        assert child.answer is not None
        assert child.review is not None
        assert (child.answer.outcome, child.answer.reason) == ("declined", "It is what was said.")
        assert (child.review.outcome, child.review.author.name) == ("overturned", "Dr Lind")


async def test_an_advance_statement_tells_how_it_stands_to_each_and_why_only_to_those_it_was_written_for(
    story: Story,
) -> None:
    wishes = story.ledger.wishes
    wish = str((await wishes.draft(story.amina, story.record, "Ask my sister about the children.")).facts["item"])
    await story.share({"kind": "kind", "of": "wishes"})
    [item] = (await story.carer_view()).items
    assert item.wish is not None
    assert item.wish.state == "draft"
    await wishes.sign(story.amina, story.record, wish)
    await wishes.review(story.amina, story.record, wish, "confirmed", text="Still so, after the divorce.")
    await wishes.withdraw(story.amina, story.record, wish, text="We have fallen out.")
    [mine] = (await story.patient_view()).items
    assert mine.wish is not None
    assert mine.wish.review is not None
    assert (mine.wish.state, mine.wish.withdrawn_because) == ("withdrawn", "We have fallen out.")
    assert mine.wish.review.text == "Still so, after the divorce."
    [theirs] = (await story.carer_view()).items
    assert theirs.wish is not None
    assert (theirs.wish.state, theirs.wish.withdrawn_because) == ("withdrawn", None)
    assert "divorce" not in text_of(theirs)


async def test_who_has_left_a_team_reads_their_own_words_and_not_what_was_said_about_them_since(story: Story) -> None:
    note = await story.note("Slept badly.")
    await story.ledger.people.leave_team(story.ada, story.practice, story.okafor.person)
    await story.ledger.items.amend(story.lind, story.record, note, "Slept badly since the move.")
    await story.ledger.items.agree(story.amina, story.record, note, "agree", text="Since the move.")
    view = await story.clinician_view(story.okafor)
    [item] = view.items
    assert view.why.rule == "own-words"
    assert (item.text, item.amendments, item.agreements) == ("Slept badly.", (), ())


async def test_a_page_says_that_there_is_more_only_where_more_is_shared(story: Story) -> None:
    for n in range(3):
        await story.note(f"Note {n}.")
        await story.note(f"Plan {n}.", kind="plan-for-carers")
    await story.share({"kind": "kind", "of": "plan-for-carers"})
    first = await carer.build(story.ledger, story.timeline, await story.opened(story.sam, limit=2))
    assert ([item.text for item in first.items], first.more) == (["Plan 2.", "Plan 1."], True)
    whole = await carer.build(story.ledger, story.timeline, await story.opened(story.sam, limit=3))
    assert (len(whole.items), whole.more) == (3, False)


def test_every_statement_about_an_item_has_its_row_in_the_table_of_who_reads_it() -> None:
    about_items = {name for name, shape in STATEMENT_TYPES.items() if shape.aggregate == "item"}
    assert about_items == set(AUDIENCE)
    for name, readers in AUDIENCE.items():
        assert set(readers) == {"clinician", "patient", "carer"}
        for depth in readers.values():
            assert depth is not Depth.WORDS or STATEMENT_TYPES[name].words is not None


def test_every_rule_that_leaves_a_trace_is_explained_in_plain_words() -> None:
    for rule in [f"withheld:{ground}" for ground in secrecy._TOLD] + ["not-yet", "sealed-by-patient"]:
        assert because_kept(rule).endswith(".")
    for silent in ("flag", "working", "carer-confidence", "withheld:safeguarding", "online-hidden", "wrong-record"):
        with pytest.raises(UnknownRule):
            because_kept(silent)


def test_instants_are_sent_as_rfc_3339() -> None:
    names = {field.name for field in fields(PatientItem)}
    assert {"made_at", "recorded_at", "due"} <= names & INSTANTS
    assert as_json({"a": date.min.isoformat(), "b": (1, None)}) == {"a": "0001-01-01", "b": [1, None]}
