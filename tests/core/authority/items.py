"""Items: who may add one, correct it, agree, dispute, and have its words erased."""

from typing import Any

from ledger.core.decisions import Decision, Deny, Permit
from ledger.core.instants import DAY, HOUR
from ledger.core.terms import KINDS, TOPICS
from tests.core.authority.rows import FRESH_ID, about_record, adding, answer, ask, row, sharing
from tests.core.story import AMINA, ITEM, JOY, LIND, MOSS, OKAFOR, PHARMACY, RECORD, SAM, Story, named, of, person, team


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


@row("topics: of those that the policy knows, when an item is added and when they are set")
def _(story: Story) -> None:
    note = story.item("note")
    setting = {"item": note, "topics": ["bereavement"]}
    assert adding(story, OKAFOR, "clinician", topics=["bereavement"]) == "-unknown-topic"
    assert about_record(story, "item-topics-set/1", OKAFOR, "clinician", **setting) == "-unknown-topic"
    story.policy(topics=(*TOPICS, "bereavement"))
    assert adding(story, OKAFOR, "clinician", topics=["bereavement"]) == "+in-care"
    assert about_record(story, "item-topics-set/1", OKAFOR, "clinician", **setting) == "+author"
    assert sharing(story, scope=of("topic", "bereavement")) == "+patient"
    assert sharing(story, scope=of("topic", "astrology")) == "-unknown-topic"


@row("leave to share what a carer told in confidence: asked by a clinician in care, answered by that carer")
def _(story: Story) -> None:
    told, note = story.item("told", SAM, "carer", kind="contribution", in_confidence=True), story.item("note")

    def ask_leave(who: str, acting: str, item: str = told) -> str:
        return about_record(story, "leave-asked/1", who, acting, item=item)

    def give(who: str, acting: str, item: str = told) -> str:
        return about_record(story, "leave-answered/1", who, acting, item=item, outcome="given")

    assert ask_leave(OKAFOR, "clinician") == "+in-care"
    assert ask_leave(MOSS, "clinician") == "-not-in-care"
    assert ask_leave(AMINA, "patient") == "-role-missing"
    assert ask_leave(OKAFOR, "clinician", note) == "-not-in-confidence"
    assert give(SAM, "carer") == "-leave-not-asked"
    story.clinician("leave-asked/1", item=told)
    assert give(SAM, "carer") == "+author"
    assert give(JOY, "carer") == give(SAM, "carer", note) == "-unknown-item"
    assert give(OKAFOR, "clinician") == give(AMINA, "patient") == "-role-missing"
    open_ = story.item("open", SAM, "carer", kind="contribution")
    shared = story.item("hers", JOY, "carer", kind="contribution")
    story.share(of("item", shared))
    assert give(SAM, "carer", open_) == "-not-in-confidence"
    assert give(SAM, "carer", shared) == "-not-the-author"


@row("an answer stands under fifty others at most")
def _(story: Story) -> None:
    last = story.item("note")
    for n in range(50):
        last = story.item(f"reply {n}", LIND, kind="comment", parent=last, concern="reply")
    deep = {"kind": "comment", "parent": last, "concern": "reply"}
    assert adding(story, OKAFOR, "clinician", **deep) == "-thread-too-deep"


@row("two hundred answers stand under one item at most, however they are nested")
def _(story: Story) -> None:
    note = story.item("note")
    reply = story.item("reply", LIND, kind="comment", parent=note, concern="reply")
    for n in range(199):
        assert adding(story, AMINA, "patient", kind="comment", parent=reply, concern="reply") == "+sees-parent"
        story.item(f"more {n}", LIND, kind="comment", parent=(note, reply)[n % 2], concern="reply")
    for parent in (note, reply):
        assert adding(story, AMINA, "patient", kind="comment", parent=parent, concern="reply") == "-thread-too-long"


@row("of these two hundred only those count that the speaker sees, so that nobody counts what is hidden from them")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(of("item", note))
    replies = [story.item(f"reply {n}", kind="comment", parent=note, concern="reply") for n in range(200)]
    may = {"kind": "comment", "parent": note, "concern": "reply"}
    assert adding(story, AMINA, "patient", **may) == adding(story, LIND, "clinician", **may) == "-thread-too-long"
    assert adding(story, SAM, "carer", **may) == "+sees-parent"
    story.withholding(replies[0], "patient", "safeguarding")
    assert adding(story, AMINA, "patient", **may) == "+sees-parent"
    assert adding(story, LIND, "clinician", **may) == "-thread-too-long"
