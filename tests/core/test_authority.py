"""Who may say what: the table of the domain, sentence by sentence."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.core.authority import FRESH, SPEAKERS, may_say, person_named_in, widens
from ledger.core.decisions import Decision, Deny, Permit
from ledger.core.instants import DAY, HOUR, MINUTE, Instant, format_instant
from ledger.core.said import Said
from ledger.core.terms import KINDS, TOPICS
from ledger.core.vocabulary import STATEMENT_TYPES
from tests.core.story import (
    ADA,
    AGES,
    ALL_CARERS,
    AMINA,
    BERT,
    EVERYTHING,
    FAMILY,
    GRETA,
    ITEM,
    JOY,
    LIND,
    MOSS,
    OKAFOR,
    PHARMACY,
    PRACTICE,
    RECORD,
    RUTH,
    SAM,
    SERVICE,
    START,
    TOGETHER,
    Story,
    named,
    of,
    person,
    practice,
    team,
)

Row = Callable[[Story], None]
ROWS: list[tuple[str, Row]] = []
FRESH_ID = named("a fresh id")
DIRECTIVE = {"from_": None, "until": None, "condition": None, "replaces": None, "hidden": False}
TERM = {"from_": START, "until": None}


def row(sentence: str) -> Callable[[Row], Row]:
    def add(check: Row) -> Row:
        ROWS.append((sentence, check))
        return check

    return add


def ask(
    story: Story, type_: str, author: str, acting_as: str, /, *, late: int = 0, through: Any = None, **facts: Any
) -> Decision:
    """Would this be admitted now, ``late`` milliseconds after it was made?"""
    shaped = {("from" if name == "from_" else name): value for name, value in facts.items()}
    shaped = {name: format_instant(Instant(v)) if type(v) is int else v for name, v in shaped.items()}
    STATEMENT_TYPES[type_].facts("facts", shaped)
    said = Said(len(story.said), story.now, Instant(story.now - late), type_, author, acting_as, shaped)
    known = story.facts(author, subject=person_named_in(type_, shaped))
    return may_say(known, said, service=SERVICE, **(through or {}))


def answer(story: Story, type_: str, author: str, acting_as: str, /, **facts: Any) -> str:
    decision = ask(story, type_, author, acting_as, **facts)
    return ("+" if isinstance(decision, Permit) else "-") + decision.rule


def about_record(story: Story, type_: str, author: str, acting_as: str, /, **facts: Any) -> str:
    return answer(story, type_, author, acting_as, record=RECORD, **facts)


def adding(story: Story, author: str, acting_as: str, /, **facts: Any) -> str:
    return about_record(story, "item-added/1", author, acting_as, **({"item": FRESH_ID} | ITEM | facts))


def sharing(story: Story, /, author: str = AMINA, acting_as: str = "patient", **facts: Any) -> str:
    whole = {"directive": FRESH_ID, "effect": "share", "scope": EVERYTHING, "grantee": person(SAM)} | DIRECTIVE | facts
    return about_record(story, "directive-made/1", author, acting_as, **whole)


def withholding(story: Story, item: str, author: str = OKAFOR, acting_as: str = "clinician", /, **facts: Any) -> str:
    whole = {
        "item": item,
        "withholding": FRESH_ID,
        "from_": "patient",
        "ground": "serious-harm",
        "opinion_date": "2026-05-01",
        "review_date": "2026-06-01",
    }
    return about_record(story, "withholding-made/1", author, acting_as, **(whole | facts))


def test_every_statement_type_has_its_answer() -> None:
    assert set(SPEAKERS) == set(STATEMENT_TYPES)


# Items


@row("note, letter, result, …: a clinician with a care relationship, within the team's profile")
def _(story: Story) -> None:
    clinical = set(KINDS) - {"comment", "contribution", "experience"}
    assert {adding(story, OKAFOR, "clinician", kind=kind) for kind in clinical} == {"+in-care"}
    assert {adding(story, MOSS, "clinician", kind=kind) for kind in clinical} == {"-not-in-care"}
    assert adding(story, OKAFOR, "clinician", kind="contribution") == "-role-missing"
    story.care(person(MOSS), "registration")
    assert adding(story, MOSS, "clinician") == "-not-in-care"
    story.join(MOSS, PHARMACY)
    story.care(team(PHARMACY))
    story.policy({"pharmacy": {"kinds": ["recommendation"], "topics": []}})
    assert adding(story, MOSS, "clinician", kind="recommendation") == "+in-care"
    assert adding(story, MOSS, "clinician", kind="recommendation", topics=["genetic"]) == "-outside-profile"
    assert adding(story, MOSS, "clinician") == "-outside-profile"


@row("reading, own entry, wishes, experience of care: the patient; contribution: a carer named in the record")
def _(story: Story) -> None:
    own = {kind for kind in KINDS if adding(story, AMINA, "patient", kind=kind) == "+patient"}
    assert own == {"reading", "plan-for-carers", "wishes", "decision", "contribution", "experience"}
    assert adding(story, SAM, "carer", kind="contribution") == "+named-carer"
    assert adding(story, SAM, "carer", kind="contribution", in_confidence=True) == "+named-carer"
    assert adding(story, AMINA, "patient", kind="contribution", in_confidence=True) == "-only-carers-confide"
    assert adding(story, SAM, "carer") == "-role-missing"
    story.patient("carer-ended/1", person=SAM)
    assert adding(story, SAM, "carer", kind="contribution") == "-no-relationship"


@row("comment, reply: whoever may see the parent; a hidden one answers as an unknown one")
def _(story: Story) -> None:
    note, flag = story.item("note"), story.item("flag", kind="flag")

    def comment(author: str, acting_as: str, parent: str | None, **facts: Any) -> Decision:
        whole = ITEM | {"item": FRESH_ID, "kind": "comment", "parent": parent, "concern": "comment"} | facts
        return ask(story, "item-added/1", author, acting_as, record=RECORD, **whole)

    assert comment(AMINA, "patient", note).rule == comment(LIND, "clinician", flag).rule == "sees-parent"
    for who, acting, hidden in ((AMINA, "patient", flag), (SAM, "carer", note), (MOSS, "clinician", note)):
        assert comment(who, acting, hidden) == comment(who, acting, named("nothing")) == Deny("unknown-item")
    story.share(of("item", note), until=story.now + HOUR)
    assert comment(SAM, "carer", note).until == story.now + HOUR - 1000
    story.withholding(note, "patient", "third-party")
    assert comment(AMINA, "patient", note).rule == "parent-not-visible"
    assert comment(AMINA, "patient", None).rule == "parent-missing"
    assert comment(LIND, "clinician", note, concern="dispute").rule == "not-the-patient"
    assert adding(story, OKAFOR, "clinician", parent=note) == "-only-comments-answer"
    assert adding(story, OKAFOR, "clinician", concern="reply") == "-concern-of-a-comment"
    assert adding(story, OKAFOR, "clinician", item=note) == "-already-said"


@row("imported: marked, by a clinician, through the import only")
def _(story: Story) -> None:
    imported = ITEM | {"item": FRESH_ID, "imported": "synthea", "record": RECORD}
    assert answer(story, "item-added/1", MOSS, "clinician", **imported) == "-not-an-import"
    importing = {"through": {"importing": True}}
    assert answer(story, "item-added/1", MOSS, "clinician", **imported, **importing) == "+import"
    assert answer(story, "item-added/1", AMINA, "patient", **imported, **importing) == "-role-missing"
    old = ask(story, "item-added/1", MOSS, "clinician", late=9999 * DAY, **imported, **importing)
    assert isinstance(old, Permit)


@row("amendment, in error: the author, or a clinician of the item's team")
def _(story: Story) -> None:
    note, hidden = story.item("note"), story.item("hidden", SAM, "carer", kind="contribution", in_confidence=True)

    def amend(who: str, acting: str, item: str) -> str:
        return about_record(story, "item-amended/1", who, acting, item=item)

    assert amend(OKAFOR, "clinician", note) == "+author"
    assert amend(LIND, "clinician", note) == "+team-of-item"
    assert amend(AMINA, "patient", note) == "-not-the-author"
    assert amend(AMINA, "patient", hidden) == amend(AMINA, "patient", named("nothing")) == "-unknown-item"
    story.care(person(MOSS))
    assert amend(MOSS, "clinician", note) == "-not-the-author"
    old = story.item("old", MOSS, imported="synthea")
    assert amend(LIND, "clinician", old) == "+team-of-item"
    story.clinician("item-marked-in-error/1", item=note, wrong_record=True)
    assert amend(LIND, "clinician", note) == "-unknown-item"
    assert about_record(story, "item-marked-in-error/1", OKAFOR, "clinician", item=note, wrong_record=True) == "+author"


@row("agreement: the patient, on what they may see")
def _(story: Story) -> None:
    note, flag = story.item("note"), story.item("flag", kind="flag")
    said = {"item": note, "agreement": "agree"}
    assert about_record(story, "agreement-stated/1", AMINA, "patient", **said) == "+patient"
    assert about_record(story, "agreement-stated/1", LIND, "clinician", **said) == "-not-the-patient"
    assert about_record(story, "agreement-stated/1", SAM, "carer", **said) == "-not-the-patient"
    assert about_record(story, "agreement-stated/1", AMINA, "patient", **said | {"item": flag}) == "-unknown-item"


@row("dispute: answered by a clinician of the item's team, a refusal reviewed by another clinician")
def _(story: Story) -> None:
    note = story.item("note")
    dispute = story.item("dispute", AMINA, "patient", kind="comment", parent=note, concern="dispute")
    story.care(person(MOSS))
    said = {"item": dispute, "outcome": "declined"}
    assert about_record(story, "dispute-answered/1", LIND, "clinician", **said) == "+team-of-item"
    assert about_record(story, "dispute-answered/1", MOSS, "clinician", **said) == "-not-of-the-team"
    assert about_record(story, "dispute-answered/1", AMINA, "patient", **said) == "-role-missing"
    assert (
        about_record(story, "dispute-answered/1", LIND, "clinician", item=note, outcome="declined") == "-not-a-dispute"
    )
    review = {"item": dispute, "outcome": "upheld"}
    assert about_record(story, "dispute-reviewed/1", MOSS, "clinician", **review) == "-nothing-to-review"
    story.clinician("dispute-answered/1", LIND, **said)
    assert about_record(story, "dispute-reviewed/1", MOSS, "clinician", **review) == "+in-care"
    assert about_record(story, "dispute-reviewed/1", LIND, "clinician", **review) == "-same-clinician"
    assert about_record(story, "dispute-reviewed/1", SAM, "carer", **review) == "-role-missing"


@row("withholding, online-hidden: a clinician with a care relationship, on a ground that fits and a fresh opinion")
def _(story: Story) -> None:
    note = story.item("note")
    assert withholding(story, note) == "+in-care"
    assert withholding(story, note, MOSS) == withholding(story, named("nothing"), MOSS) == "-not-in-care"
    assert withholding(story, note, AMINA, "patient") == "-role-missing"
    assert withholding(story, note, ground="agreed") == "-ground-for-screens-only"
    assert withholding(story, note, ground="agreed", from_="screen") == "+in-care"
    assert withholding(story, note, opinion_date="2026-05-05") == "-opinion-to-come"
    assert withholding(story, note, opinion_date="2025-11-04") == "-opinion-out-of-date"
    assert withholding(story, note, opinion_date="2025-11-05") == "+in-care"
    assert withholding(story, note, opinion_date="2025-11-04", ground="third-party") == "+in-care"
    assert withholding(story, note, review_date="2026-05-03") == "-review-in-the-past"
    assert withholding(story, note, withholding=note) == "-already-said"


@row("withholding: withdrawn by whom made it or the guardian")
def _(story: Story) -> None:
    note, abuse = story.item("note"), story.item("abuse", topics=["domestic-abuse"])
    made = story.withholding(note, "patient", "third-party")

    def lift(who: str, acting: str, item: str = note, which: str = made) -> str:
        return about_record(story, "withholding-lifted/1", who, acting, item=item, withholding=which)

    assert lift(OKAFOR, "clinician") == "+in-care"
    assert lift(GRETA, "guardian") == "+guardian"
    assert lift(LIND, "clinician") == "-not-the-author"
    assert lift(AMINA, "patient") == "-role-missing"
    assert lift(LIND, "clinician", abuse, abuse) == "+in-care"
    assert lift(LIND, "clinician", note, note) == lift(OKAFOR, "clinician", note, FRESH_ID) == "-unknown-withholding"


@row("a result is held at most 14 days, and released by a clinician, or by the patient who asked to be told first")
def _(story: Story) -> None:
    story.patient("results-wish-stated/1", wish="tell-me-first")
    result, note = story.item("result", kind="result"), story.item("note")
    added = story.now

    def hold(item: str, until: int, who: str = OKAFOR) -> str:
        return about_record(story, "result-held/1", who, "clinician", item=item, until=until)

    def release(who: str, acting: str, item: str) -> str:
        return about_record(story, "result-released/1", who, acting, item=item)

    assert hold(result, added + 13 * DAY) == "+in-care"
    assert hold(result, added + 15 * DAY) == "-too-long"
    assert hold(result, added) == "-empty-period"
    assert hold(note, added + DAY) == "-not-a-result"
    assert hold(result, added + DAY, MOSS) == "-not-in-care"
    assert release(AMINA, "patient", result) == "+patient"
    assert release(AMINA, "patient", note) == "-nothing-to-release"
    assert release(LIND, "clinician", result) == "+in-care"
    assert release(LIND, "clinician", note) == "-not-a-result"
    assert release(SAM, "carer", result) == "-role-missing"
    story.clinician("result-held/1", item=result, until=added + DAY)
    assert release(AMINA, "patient", result) == "-item-not-visible"
    assert release(AMINA, "patient", story.item("flag", kind="flag")) == "-unknown-item"
    story.clinician("result-released/1", item=result)
    assert hold(result, added + DAY) == "-already-released"


@row("advance statement: signed, reviewed and withdrawn by the patient; once signed amended by nobody else")
def _(story: Story) -> None:
    wish, note = story.item("wish", kind="wishes"), story.item("note")
    for type_, more in (("wish-signed/1", {}), ("wish-reviewed/1", {"outcome": "confirmed"}), ("wish-withdrawn/1", {})):
        assert about_record(story, type_, AMINA, "patient", item=wish, **more) == "+patient"
        assert about_record(story, type_, OKAFOR, "clinician", item=wish, **more) == "-not-the-patient"
        assert about_record(story, type_, AMINA, "patient", item=note, **more) == "-not-a-wish"
    assert about_record(story, "item-amended/1", LIND, "clinician", item=wish) == "+team-of-item"
    story.patient("wish-signed/1", item=wish)
    assert about_record(story, "item-amended/1", OKAFOR, "clinician", item=wish) == "-not-the-patient"


# Sharing


@row("words erased: asked for by the patient or a guardian, erased by another guardian")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other")
    kept = story.item("flag", kind="flag")
    about = {"erasure": FRESH_ID, "basis": "court-order"}

    def asking(who: str, acting: str, item: str = note, **facts: Any) -> str:
        return about_record(story, "erasure-asked/1", who, acting, **(about | {"item": item, "answers": False} | facts))

    assert asking(AMINA, "patient") == "+patient"
    assert asking(GRETA, "guardian") == asking(GRETA, "guardian", kept) == "+guardian"
    assert asking(AMINA, "patient", kept) == asking(AMINA, "patient", FRESH_ID) == "-unknown-item"
    assert asking(GRETA, "guardian", FRESH_ID) == "-unknown-item"
    assert asking(OKAFOR, "clinician") == asking(SAM, "carer") == "-not-the-patient"
    erasure = story.asked(note)
    assert asking(AMINA, "patient", erasure=erasure) == "-already-said"

    def erasing(who: str, item: str, named: str, *positions: int, acting: str = "guardian") -> str:
        facts = about | {"item": item, "erasure": named, "record": RECORD}
        return answer(story, "content-erased/1", who, acting, through={"erased": positions}, **facts)

    [added] = [one.position for one in story.said if one.facts.get("item") == note and one.type == "item-added/1"]
    words = (added, len(story.said) - 1)
    assert erasing(GRETA, note, erasure, *words) == "+guardian"
    assert erasing(GRETA, note, FRESH_ID, *words) == erasing(GRETA, other, erasure, added + 1) == "-erasure-not-asked"
    assert erasing(AMINA, note, erasure, *words, acting="patient") == "-role-missing"
    assert erasing(OKAFOR, note, erasure, *words, acting="clinician") == "-role-missing"
    assert erasing(GRETA, FRESH_ID, erasure, *words) == "-unknown-item"
    assert erasing(SERVICE, note, FRESH_ID, *words, acting="service") == "+service"
    assert erasing(SERVICE, FRESH_ID, FRESH_ID, *words, acting="service") == "-unknown-item"
    assert erasing(SERVICE, note, FRESH_ID, *words[1:], acting="service") == "-not-its-words"
    by_guardian = story.asked(note, GRETA, "guardian")
    assert erasing(GRETA, note, by_guardian, *words, len(story.said) - 1) == "-same-guardian"
    story.role(LIND, "guardian")
    assert erasing(LIND, note, by_guardian, *words, len(story.said) - 4) == "-not-its-words"


@row("words erased: exactly those of the item, and afterwards nothing more is said about it")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other")
    answer_ = story.item("answer", AMINA, "patient", kind="comment", parent=note, concern="comment")
    story.clinician("item-amended/1", item=note)
    story.clinician("item-topics-set/1", item=note, topics=["genetic"])
    alone, thread = story.asked(note), story.asked(note, answers=True)
    first = [one.position for one in story.said if one.facts.get("item") == note and one.worded]
    assert len(first) == 4

    def erasing(item: str, named: str, positions: list[int]) -> str:
        facts = {"item": item, "erasure": named, "basis": "court-order", "record": RECORD}
        return answer(story, "content-erased/1", GRETA, "guardian", through={"erased": tuple(positions)}, **facts)

    of_answer = [one.position for one in story.said if one.facts.get("item") == answer_]
    of_other = [one.position for one in story.said if one.facts.get("item") == other]
    for wrong in (first[:-1], [*first, of_other[0]], first[1:], [*first, len(story.said)], []):
        assert erasing(note, alone, wrong) == "-not-its-words"
    assert erasing(note, alone, first) == "+guardian"
    assert erasing(answer_, alone, of_answer) == "-erasure-not-asked"
    assert erasing(answer_, thread, of_answer) == "+guardian"
    assert erasing(other, thread, of_other) == "-erasure-not-asked"
    story.erase(note, alone)
    assert erasing(note, alone, first) == "-nothing-to-erase"
    about = {"item": note, "erasure": FRESH_ID, "basis": "court-order", "answers": False}
    assert about_record(story, "item-amended/1", OKAFOR, "clinician", item=note) == "-words-erased"
    assert about_record(story, "agreement-stated/1", AMINA, "patient", item=note, agreement="agree") == "-words-erased"
    assert about_record(story, "erasure-asked/1", AMINA, "patient", **about) == "-words-erased"
    comment = {"kind": "comment", "parent": note, "concern": "comment"}
    assert adding(story, AMINA, "patient", **comment) == "-words-erased"
    story.share(EVERYTHING)
    assert adding(story, SAM, "carer", **comment) == "-unknown-item"


@row("directive: the patient")
def _(story: Story) -> None:
    assert sharing(story) == sharing(story, grantee=ALL_CARERS) == sharing(story, grantee=team(FAMILY)) == "+patient"
    assert sharing(story, SAM, "carer") == sharing(story, OKAFOR, "clinician") == "-not-the-patient"
    assert sharing(story, grantee=person(AMINA)) == "-for-themselves"
    assert sharing(story, grantee=person(named("nobody"))) == "-unknown-person"
    assert sharing(story, grantee=team(named("no team"))) == "-unknown-team"
    flag = story.item("flag", kind="flag")
    assert sharing(story, scope=of("item", flag)) == sharing(story, scope=of("item", FRESH_ID)) == "-unknown-item"


@row("directive: a withhold has no dates and no condition; a share's must be able to be met")
def _(story: Story) -> None:
    hours = {"kind": "hours", "zone": "Europe/London", "days": [1], "from": "09:00", "until": "10:00"}
    later = story.now + DAY
    assert sharing(story, effect="withhold", hidden=True) == "+patient"
    assert sharing(story, hidden=True) == "-hidden-is-for-withholds"
    for terms in ({"until": later}, {"from_": later}, {"condition": TOGETHER}):
        assert sharing(story, effect="withhold", **terms) == "-withhold-is-unconditional"
        assert sharing(story, **terms) == "+patient"
    assert sharing(story, from_=later, until=later) == sharing(story, until=story.now) == "-empty-period"
    assert sharing(story, condition=hours) == "+patient"
    assert sharing(story, condition=hours | {"zone": "Mars/Base"}) == "-unknown-zone"
    for empty in ({"days": []}, {"days": [0]}, {"days": [8]}, {"until": "09:00"}):
        assert sharing(story, condition=hours | empty) == "-empty-window"


@row("directive: names the directive it replaces, and only if that is current for the same grantee and scope")
def _(story: Story) -> None:
    assert sharing(story, replaces=FRESH_ID) == "-replaced-not-current"
    first = story.share(EVERYTHING)
    assert sharing(story) == "-replaced-not-current"
    assert sharing(story, replaces=first) == "+patient"
    assert sharing(story, replaces=first, scope=of("kind", "plan")) == "-replaced-not-current"
    second = story.share(EVERYTHING, replaces=first)
    assert sharing(story, replaces=first) == "-replaced-not-current"
    assert sharing(story, directive=first, replaces=second) == "-already-said"
    withdraw = {
        which: about_record(story, "directive-withdrawn/1", AMINA, "patient", directive=which)
        for which in (first, second, FRESH_ID)
    }
    assert list(withdraw.values()) == ["-not-current", "+patient", "-unknown-directive"]
    assert about_record(story, "directive-withdrawn/1", SAM, "carer", directive=second) == "-not-the-patient"


@row("together: attested by the patient or a clinician in the room, never by the carer")
def _(story: Story) -> None:
    session = {"together": FRESH_ID, "person": SAM, "until": story.now + HOUR}
    assert about_record(story, "together-started/1", AMINA, "patient", **session) == "+patient"
    assert about_record(story, "together-started/1", OKAFOR, "clinician", **session) == "+in-care"
    assert about_record(story, "together-started/1", MOSS, "clinician", **session) == "-not-in-care"
    assert about_record(story, "together-started/1", SAM, "carer", **session) == "-not-the-patient"
    for wrong, rule in (({"person": MOSS}, "-not-a-carer"), ({"until": story.now + DAY}, "-too-long")):
        assert about_record(story, "together-started/1", AMINA, "patient", **session | wrong) == rule
    assert about_record(story, "together-ended/1", AMINA, "patient", together=FRESH_ID) == "-unknown-session"
    story.patient("together-started/1", **session)
    assert about_record(story, "together-ended/1", AMINA, "patient", together=FRESH_ID) == "+patient"


@row("suspension of a carer, carer's invitation: the patient")
def _(story: Story) -> None:
    for type_, who, rule in (
        ("carer-named/1", RUTH, "+patient"),
        ("carer-named/1", AMINA, "-for-themselves"),
        ("carer-ended/1", SAM, "+patient"),
        ("carer-ended/1", RUTH, "-not-a-carer"),
        ("carer-suspended/1", SAM, "+patient"),
        ("carer-suspended/1", RUTH, "-not-a-carer"),
        ("carer-restored/1", SAM, "-not-suspended"),
    ):
        assert about_record(story, type_, AMINA, "patient", person=who) == rule
        assert about_record(story, type_, OKAFOR, "clinician", person=who) == "-not-the-patient"
    story.patient("carer-suspended/1", person=SAM)
    assert about_record(story, "carer-restored/1", AMINA, "patient", person=SAM) == "+patient"
    assert about_record(story, "results-wish-stated/1", SAM, "carer", wish="at-once") == "-not-the-patient"


@row("emergency access: a clinician, for themselves; its review: the guardian, not of their own")
def _(story: Story) -> None:
    note, hidden = story.item("note"), story.item("hidden", kind="working-note")
    opened = {"emergency": FRESH_ID, "person": MOSS, "kind": "urgent-care", "until": story.now + HOUR}
    assert about_record(story, "emergency-opened/2", MOSS, "clinician", **opened) == "+clinician"
    assert about_record(story, "emergency-opened/2", OKAFOR, "clinician", **opened) == "-not-for-another"
    assert (
        about_record(story, "emergency-opened/2", MOSS, "clinician", **opened | {"until": story.now + 2 * DAY})
        == "-too-long"
    )
    assert about_record(story, "emergency-opened/2", SAM, "carer", **opened) == "-role-missing"
    one = {"emergency": FRESH_ID, "item": note}
    assert about_record(story, "emergency-item-opened/1", MOSS, "clinician", **one) == "-no-emergency"
    story.clinician("emergency-opened/2", MOSS, **opened)
    assert about_record(story, "emergency-opened/2", MOSS, "clinician", **opened) == "-already-said"
    assert about_record(story, "emergency-item-opened/1", MOSS, "clinician", **one) == "+emergency"
    assert about_record(story, "emergency-item-opened/1", LIND, "clinician", **one) == "-no-emergency"
    assert (
        about_record(story, "emergency-item-opened/1", MOSS, "clinician", **one | {"item": hidden}) == "-unknown-item"
    )
    review = {"emergency": FRESH_ID, "outcome": "justified"}
    assert about_record(story, "emergency-reviewed/1", GRETA, "guardian", **review) == "+guardian"
    assert about_record(story, "emergency-reviewed/1", OKAFOR, "clinician", **review) == "-role-missing"
    story.role(MOSS, "guardian")
    assert about_record(story, "emergency-reviewed/1", MOSS, "guardian", **review) == "-own-access"


# People, teams, records


@row("role: an administrator, never for themselves; two for administrator, auditor, guardian")
def _(story: Story) -> None:
    def grant(who: str, acting: str, to: str, role: str = "clinician", **more: Any) -> str:
        return answer(story, "role-granted/1", who, acting, person=to, role=role, **TERM | more)

    assert grant(ADA, "administrator", SAM) == "+administrator"
    assert grant(ADA, "administrator", ADA) == "-for-themselves"
    assert grant(OKAFOR, "clinician", SAM) == "-role-missing"
    assert grant(SAM, "administrator", SAM) == "-no-role"
    assert grant(ADA, "administrator", named("nobody")) == "-unknown-person"
    assert grant(ADA, "administrator", SAM, until=story.now) == "-empty-period"

    def approve(who: str) -> str:
        return answer(story, "role-approved/1", who, "administrator", person=SAM, role="guardian")

    assert approve(BERT) == "-nothing-to-approve"
    story.role(SAM, "guardian", approved=False)
    assert (approve(ADA), approve(BERT)) == ("-same-administrator", "+administrator")
    assert answer(story, "role-ended/1", BERT, "administrator", person=SAM, role="guardian") == "+administrator"
    assert answer(story, "role-ended/1", BERT, "administrator", person=BERT, role="administrator") == "-for-themselves"


@row("the first administrator is granted by the service, and nothing else is, but for an import's clinicians")
def _(story: Story) -> None:
    def grant(role: str, **through: bool) -> str:
        facts = {"person": SAM, "role": role, **TERM}
        return answer(story, "role-granted/1", SERVICE, "service", through=through, **facts)

    assert grant("administrator", founding=True) == grant("clinician", importing=True) == "+service"
    assert grant("administrator") == grant("administrator", importing=True) == "-role-missing"
    assert grant("guardian", founding=True) == grant("clinician", founding=True) == "-role-missing"
    assert answer(story, "role-granted/1", ADA, "service", person=SAM, role="clinician", **TERM) == "-no-role"


@row("team, relationship, policy: an administrator, never for themselves")
def _(story: Story) -> None:
    def say(type_: str, **facts: Any) -> str:
        return answer(story, type_, ADA, "administrator", **facts)

    care = {"record": RECORD, "care": FRESH_ID, "ground": "referral", **TERM}
    assert say("team-formed/1", team=FRESH_ID, profile=None) == "+administrator"
    assert say("team-formed/1", team=FRESH_ID, profile="unheard-of") == "-unknown-profile"
    assert say("team-formed/1", team=PRACTICE, profile=None) == "-already-said"
    assert say("team-joined/1", team=PRACTICE, person=MOSS, **TERM) == "+administrator"
    assert say("team-joined/1", team=PRACTICE, person=ADA, **TERM) == "-for-themselves"
    assert say("team-joined/1", team=FRESH_ID, person=MOSS, **TERM) == "-unknown-team"
    assert say("team-left/1", team=PRACTICE, person=MOSS) == "+administrator"
    assert say("team-left/1", team=FRESH_ID, person=MOSS) == "-unknown-team"
    assert say("care-started/1", grantee=person(MOSS), **care) == "+administrator"
    assert say("care-started/1", grantee=person(ADA), **care) == "-for-themselves"
    assert say("care-started/1", grantee=team(FRESH_ID), **care) == "-unknown-team"
    assert say("care-started/1", grantee=person(MOSS), **care | {"ground": "import"}) == "-not-an-import"
    assert say("care-ended/1", record=RECORD, care=FRESH_ID) == "-unknown-care"
    policy = {"policy": FRESH_ID, "profiles": {}, "topics": dict.fromkeys(TOPICS, "R"), "ages": AGES}
    assert say("policy-set/2", **policy) == "+administrator"
    story.join(ADA, PRACTICE)
    assert say("care-started/1", grantee=team(PRACTICE), **care) == "-for-themselves"
    assert answer(story, "policy-set/2", OKAFOR, "clinician", **policy) == "-role-missing"


@row("a person and a record are registered by an administrator or a registrar; a record by a clinician too")
def _(story: Story) -> None:
    story.role(JOY, "registrar")
    new = {"record": FRESH_ID, "patient": SAM}

    def opened(who: str, acting: str, **through: bool) -> str:
        facts = story.facts(who, subject=SAM)
        said = Said(999, story.now, story.now, "record-opened/1", who, acting, new)
        empty = type(facts.record)(FRESH_ID)
        decision = may_say(
            type(facts)(empty, facts.viewer, facts.teams, facts.policy, facts.subject), said, service=SERVICE, **through
        )
        return ("+" if isinstance(decision, Permit) else "-") + decision.rule

    assert opened(ADA, "administrator") == "+administrator"
    assert opened(JOY, "registrar") == "+registrar"
    assert opened(OKAFOR, "clinician") == "+clinician"
    assert opened(SERVICE, "service", importing=True) == "+service"
    assert opened(SERVICE, "service") == "-role-missing"
    assert answer(story, "record-opened/1", ADA, "administrator", record=RECORD, patient=SAM) == "-already-said"
    assert answer(story, "record-opened/1", JOY, "registrar", record=RECORD, patient=JOY) == "-for-themselves"
    assert answer(story, "person-registered/1", JOY, "registrar", person=FRESH_ID) == "+registrar"
    assert answer(story, "person-registered/1", JOY, "registrar", person=SAM) == "-already-said"
    assert answer(story, "person-registered/1", OKAFOR, "clinician", person=FRESH_ID) == "-role-missing"


@row("key enrolled: the person, or a registrar; revoked: the person or an administrator")
def _(story: Story) -> None:
    story.role(JOY, "registrar")
    key = {"person": SAM, "kid": "kid"}
    assert answer(story, "key-enrolled/1", SAM, "carer", **key) == "+own-key"
    assert answer(story, "key-enrolled/1", JOY, "registrar", **key) == "+registrar"
    assert answer(story, "key-enrolled/1", ADA, "administrator", **key) == "-role-missing"
    assert answer(story, "key-enrolled/1", SERVICE, "service", through={"custody": "service"}, **key) == "+service"
    assert (
        answer(story, "key-enrolled/1", SERVICE, "service", through={"custody": "author"}, **key)
        == "-not-a-service-key"
    )
    revoked = key | {"reason": "lost"}
    assert answer(story, "key-revoked/1", SAM, "carer", **revoked) == "+own-key"
    assert answer(story, "key-revoked/1", ADA, "administrator", **revoked) == "+administrator"
    assert answer(story, "key-revoked/1", JOY, "registrar", **revoked) == "-role-missing"


@row("a case is assigned by an administrator or a guardian, to somebody else, of a record or a person")
def _(story: Story) -> None:
    case = {"case": FRESH_ID, "auditor": RUTH, "record": RECORD, "person": None, "period": None, **TERM}

    def assign(who: str, acting: str, **facts: Any) -> str:
        return answer(story, "case-assigned/2", who, acting, **case | facts)

    assert assign(ADA, "administrator") == "+administrator"
    assert assign(GRETA, "guardian") == "+guardian"
    assert assign(RUTH, "auditor") == "-role-missing"
    assert assign(GRETA, "guardian", auditor=GRETA) == "-for-themselves"
    assert assign(GRETA, "guardian", record=None) == "-unbounded-case"
    close = {"case": FRESH_ID, "auditor": RUTH}
    assert answer(story, "case-closed/1", RUTH, "auditor", **close) == "-unknown-case"
    story.say("case-assigned/2", ADA, "administrator", **case)
    assert assign(ADA, "administrator") == "-already-said"
    assert answer(story, "case-closed/1", RUTH, "auditor", **close) == "+auditor"
    assert answer(story, "case-closed/1", OKAFOR, "clinician", **close) == "-role-missing"


@row("the trail is the service's own, and nobody else is the service")
def _(story: Story) -> None:
    refused = {"attempt": FRESH_ID, "person": SAM, "acting_as": "carer", "record": None, "type": "x", "rule": "y"}
    assert answer(story, "attempt-refused/1", SERVICE, "service", **refused) == "+service"
    assert answer(story, "attempt-refused/1", ADA, "service", **refused) == "-no-role"
    assert answer(story, "attempt-refused/1", ADA, "administrator", **refused) == "-role-missing"
    assert answer(story, "log-continued/1", SERVICE, "service", log=FRESH_ID) == "+service"
    assert answer(story, "log-continued/1", ADA, "administrator", log=FRESH_ID) == "-role-missing"


# Time, and what is unknown


@row("refused if it was made more than 5 minutes before it is admitted: whatever widens access")
def _(story: Story) -> None:
    assert sharing(story, late=5 * MINUTE) == "+patient"
    assert sharing(story, late=5 * MINUTE + 1) == "-stale-grant"
    assert sharing(story, late=DAY, effect="withhold") == "+patient"
    share, seal = story.share(EVERYTHING), story.withhold(EVERYTHING, ALL_CARERS)
    withdrawn = {"late": DAY}
    assert about_record(story, "directive-withdrawn/1", AMINA, "patient", directive=share, **withdrawn) == "+patient"
    assert about_record(story, "directive-withdrawn/1", AMINA, "patient", directive=seal, **withdrawn) == "-stale-grant"
    fresh = ask(story, "carer-named/1", AMINA, "patient", record=RECORD, person=RUTH, late=MINUTE)
    assert fresh.until == story.now + 4 * MINUTE + 1
    note = story.item("note", topics=["genetic"])
    for topics, widening in (([], True), (["genetic", "mental-health"], False)):
        facts = {"item": note, "topics": topics, "record": RECORD}
        said = Said(999, story.now, story.now, "item-topics-set/1", OKAFOR, "clinician", facts)
        assert widens(story.facts(OKAFOR), said) is widening


@row("nothing is said from the future")
def _(story: Story) -> None:
    assert adding(story, OKAFOR, "clinician", late=-FRESH) == "+in-care"
    assert adding(story, OKAFOR, "clinician", late=-FRESH - 1) == "-from-the-future"


@row("an unknown record, an unknown type, somebody else's facts")
def _(story: Story) -> None:
    facts = story.facts(AMINA)
    said = Said(999, story.now, story.now, "carer-ended/1", AMINA, "patient", {"record": FRESH_ID, "person": SAM})
    nowhere = type(facts)(None, facts.viewer, facts.teams, facts.policy, None)
    assert may_say(nowhere, said) == Deny("unknown-record")
    other = Said(999, story.now, story.now, "carer-ended/2", AMINA, "patient", {})
    assert may_say(facts, other) == may_say(story.facts(SAM), said) == Deny("no-rule")


@pytest.mark.parametrize(("sentence", "check"), ROWS, ids=[sentence for sentence, _ in ROWS])
def test_who_may_say_it(sentence: str, check: Row) -> None:
    check(practice())


def test_a_permit_ends_with_what_it_rests_on() -> None:
    story = practice()
    story.care(person(MOSS), until=story.now + HOUR)
    facts = {"record": RECORD, "item": FRESH_ID, **ITEM}
    permitted = ask(story, "item-added/1", MOSS, "clinician", **facts)
    assert permitted.until == story.now + HOUR - 1000
    assert story.said[permitted.evidence[-1]].type == "care-started/1"
