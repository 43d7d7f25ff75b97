"""Who may add an item, and who may say something about one."""

from datetime import date
from typing import Final

from ledger.core.asking import (
    ROLE_MISSING,
    Ask,
    by_power,
    checked,
    ends_within,
    in_care,
    on_item,
    seen,
    the_patient,
    when,
)
from ledger.core.decisions import UNKNOWN_ITEM, Decision, Deny, Permit, standing_of
from ledger.core.instants import DAY, Instant, format_instant
from ledger.core.item_facts import GUARDIAN_DAYS, HELD_AT_MOST, Item, lapse_of, lineage, root_of
from ledger.core.people import Standing
from ledger.core.secrecy import waits_for_asking
from ledger.core.standing import team_of_item

CLINICIANS_KINDS: Final = frozenset(
    [
        "note",
        "letter",
        "result",
        "reading",
        "medicine",
        "allergy",
        "problem",
        "plan",
        "plan-for-carers",
        "wishes",
        "decision",
        "recommendation",
        "information",
        "working-note",
        "flag",
    ]
)
"""What a clinician may add: a reading and a draft of wishes also for the patient, in the room."""
PATIENTS_KINDS: Final = frozenset(["reading", "plan-for-carers", "wishes", "decision", "contribution", "experience"])
FOR_SCREENS_ONLY: Final = frozenset({"agreed", "domestic-abuse"})
"""Grounds for online-hidden alone; what is withheld needs one of the others."""
DEEPEST_THREAD: Final = 50
"""Items above an answer, at most: a page nests what answers what, and no reader's JSON nests without end."""
LONGEST_THREAD: Final = 200
"""Answers under one item, at most, of those that the speaker sees: a page holds an item with all of them. What is
hidden from them does not count, or who is refused could count it."""


def item_added(ask: Ask) -> Decision:
    """By kind: clinicians in care and within the profile, the patient, a carer, whoever sees what is answered."""
    kind = ask["kind"]
    answers = ask["parent"] is not None
    return checked(
        _imported(ask) if ask["imported"] is not None else _adding(ask, kind),
        when(answers != (kind == "comment"), "parent-missing" if kind == "comment" else "only-comments-answer"),
        when(ask["concern"] is not None and not answers, "concern-of-a-comment"),
        when(ask["concern"] == "dispute" and isinstance(by_power(ask), Deny), "not-the-patient"),
        when(ask["in_confidence"] and not (kind == "contribution" and ask.acts_as("carer")), "only-carers-confide"),
        when(ask["item"] in ask.record.items or ask["item"] in ask.record.matters, "already-said"),
        _unknown_topic(ask),
    )


def corrected(ask: Ask) -> Decision:
    """The author, or a clinician of the item's team. A signed advance statement is the patient's alone."""
    found = on_item(ask, ask.permit("author"))
    if isinstance(found, Deny):
        return found
    item, author = found
    if item.signed is not None and not ask.acts_as("patient"):
        return Deny("not-the-patient", (item.signed,))
    return author if item.author == ask.author else _of_the_team(ask, item, Deny("not-the-author"))


def topics_set(ask: Ask) -> Decision:
    """As a correction, with topics that the policy knows."""
    return checked(corrected(ask), _unknown_topic(ask))


def agreement_stated(ask: Ask) -> Decision:
    """The patient, a child's parent or an attorney, on what they may see."""
    found = on_item(ask, by_power(ask))
    return found if isinstance(found, Deny) else found.permit


def wish_said(ask: Ask) -> Decision:
    """The patient, on an advance statement."""
    found = on_item(ask, the_patient(ask))
    if isinstance(found, Deny):
        return found
    return checked(found.permit, when(found.item.kind != "wishes", "not-a-wish", found.item.position))


def dispute_answered(ask: Ask) -> Decision:
    """A clinician of the team of the item that is disputed."""
    found = on_item(ask, in_care(ask))
    if isinstance(found, Deny):
        return found
    if found.item.concern != "dispute" or found.item.parent is None:
        return Deny("not-a-dispute", (found.item.position,))
    return _of_the_team(ask, found.item.parent, Deny("not-of-the-team"))


def dispute_reviewed(ask: Ask) -> Decision:
    """Another clinician than the one who declined."""
    found = on_item(ask, in_care(ask))
    if isinstance(found, Deny):
        return found
    answer = found.item.answer
    if answer is None or answer.outcome != "declined":
        return Deny("nothing-to-review")
    return checked(found.permit, when(answer.author == ask.author, "same-clinician", answer.position))


def withholding_made(ask: Ask) -> Decision:
    """A clinician in care, on a ground that fits, with an opinion that is neither stale nor to come."""
    found = on_item(ask, in_care(ask))
    if isinstance(found, Deny):
        return found
    named, today = ask["withholding"], format_instant(ask.at)[:10]
    known = named == found.item.id or ask.record.withholding(found.item.id, named) is not None
    return checked(
        found.permit,
        when(ask["ground"] in FOR_SCREENS_ONLY and ask["from"] != "screen", "ground-for-screens-only"),
        when(ask["opinion_date"] > today, "opinion-to-come"),
        when(ask["ground"] == "serious-harm" and _lapsed(ask), "opinion-out-of-date"),
        when(ask["review_date"] < today, "review-in-the-past"),
        when(known, "already-said"),
    )


def withholding_lifted(ask: Ask) -> Decision:
    """Who made it, or the guardian; the hiding by default of a domestic-abuse item, any clinician in care."""
    guardian = ask.acts_as("guardian")
    found = on_item(ask, ask.permit("guardian") if guardian else in_care(ask))
    if isinstance(found, Deny):
        return found
    made = ask.record.withholding(found.item.id, ask["withholding"])
    if made is not None:
        theirs = guardian or made.author == ask.author
        return checked(found.permit, when(not theirs, "not-the-author", made.position))
    by_default = ask["withholding"] == found.item.id and found.item.hidden is not None
    return checked(found.permit, when(not by_default, "unknown-withholding"))


def result_held(ask: Ask) -> Decision:
    """A clinician in care, until at most 14 days after the result was added, and not once it was released."""
    found = on_item(ask, in_care(ask))
    if isinstance(found, Deny):
        return found
    return checked(
        found.permit,
        when(found.item.kind != "result", "not-a-result", found.item.position),
        when(found.item.released is not None, "already-released"),
        ends_within(ask, "until", Instant(found.item.added_at + HELD_AT_MOST)),
    )


def result_released(ask: Ask) -> Decision:
    """A clinician in care; the patient too, where it only waits because they asked to be told first."""
    if ask.acts_as("patient"):
        return _asked_for(ask)
    found = on_item(ask, in_care(ask))
    if isinstance(found, Deny):
        return found
    return checked(found.permit, when(found.item.kind != "result", "not-a-result", found.item.position))


def _asked_for(ask: Ask) -> Decision:
    """The patient asks for a result that waits for their asking; they know of it, though they do not see it."""
    visible = ask.judge(ask["item"])
    if isinstance(visible, Permit):
        return Deny("nothing-to-release")
    if not visible.trace:
        return UNKNOWN_ITEM
    if waits_for_asking(ask.record.items[ask["item"]], visible):
        return ask.permit("patient")
    return Deny("item-not-visible", visible.evidence)


def leave_asked(ask: Ask) -> Decision:
    """A clinician in care, of the carer who told something in confidence."""
    found = on_item(ask, in_care(ask))
    if isinstance(found, Deny):
        return found
    return checked(found.permit, when(not found.item.in_confidence, "not-in-confidence", found.item.position))


def leave_answered(ask: Ask) -> Decision:
    """The carer who told it in confidence, once asked."""
    found = on_item(ask, ask.permit("author") if ask.acts_as("carer") else ROLE_MISSING)
    if isinstance(found, Deny):
        return found
    item = found.item
    return checked(
        found.permit,
        when(item.author != ask.author, "not-the-author"),
        when(not item.in_confidence, "not-in-confidence", item.position),
        when(item.leave_asked is None, "leave-not-asked", item.position),
    )


def _unknown_topic(ask: Ask) -> Deny | None:
    return when(not ask.facts.policy.topics.issuperset(ask["topics"]), "unknown-topic")


def _lapsed(ask: Ask) -> bool:
    """Is the opinion older than six months already?"""
    return lapse_of(date.fromisoformat(ask["opinion_date"])) - GUARDIAN_DAYS * DAY <= ask.at


def _adding(ask: Ask, kind: str) -> Decision:
    if kind == "comment":
        return _answering(ask)
    if ask.acts_as("clinician"):
        topics = tuple(topic for topic in ask["topics"] if topic in ask.facts.policy.topics)
        return in_care(ask, kind, topics) if kind in CLINICIANS_KINDS else ROLE_MISSING
    if ask.acts_as("patient"):
        return ask.permit("patient") if kind in PATIENTS_KINDS else ROLE_MISSING
    if ask.acts_as("carer") and kind == "contribution":
        named = ask.author in ask.record.carers
        return ask.permit("named-carer") if named else Deny("no-relationship")
    return ROLE_MISSING


def _answering(ask: Ask) -> Decision:
    """Whoever may see what they answer."""
    if ask["parent"] is None:
        return Deny("parent-missing")
    visible = seen(ask, ask["parent"])
    if isinstance(visible, Deny):
        return Deny("parent-not-visible", visible.evidence) if visible != UNKNOWN_ITEM else visible
    parent = ask.record.items[ask["parent"]]
    return checked(
        ask.permit("sees-parent", standing_of(visible)),
        when(parent.erased is not None, "words-erased"),
        when(sum(1 for _ in lineage(parent)) > DEEPEST_THREAD, "thread-too-deep"),
        when(_is_long(ask, root_of(parent)), "thread-too-long"),
    )


def _is_long(ask: Ask, root: Item) -> bool:
    """Does the speaker see as many answers in this thread as there may be?"""
    if root.answers < LONGEST_THREAD:  # nobody sees more than there are, and few threads are worth a count
        return False
    answers = (item for item in ask.record.items.values() if item.parent is not None and root_of(item) is root)
    return sum(isinstance(ask.judge(item.id), Permit) for item in answers) >= LONGEST_THREAD


def _imported(ask: Ask) -> Decision:
    """What another system says that a clinician said: only through the import, which marks it."""
    if not ask.importing:
        return Deny("not-an-import")
    wanted = ask.acts_as("clinician") and ask["kind"] in CLINICIANS_KINDS
    return ask.permit("import") if wanted else ROLE_MISSING


def _of_the_team(ask: Ask, item: Item, refusal: Deny) -> Decision:
    """A clinician in care and of the item's team; for what was imported, any clinician in care."""
    caring = in_care(ask)
    if isinstance(caring, Deny):
        return refusal if caring == ROLE_MISSING else caring
    team = Standing() if item.imported else team_of_item(ask.facts, item, ask.at, handed_over=True)
    return refusal if team is None else ask.permit("team-of-item", standing_of(caring), team)
