"""What the rule is made from: facts, all of them statements in the ledger."""

import pytest

from ledger.core.decisions import Deny, Request
from ledger.core.errors import MalformedStatement
from ledger.core.instants import DAY, HOUR, Instant
from ledger.core.item_facts import Item
from ledger.core.policy import POLICIES, POLICY_VERSION, RULE_OF_READER, RULES, decide, judge_of
from ledger.core.terms import KINDS, TOPICS
from tests.core.disclosure.rows import row
from tests.core.story import (
    ADA,
    AGES,
    ALL_CARERS,
    AMINA,
    EVERYTHING,
    FAMILY,
    GRETA,
    ITEM,
    LIND,
    MOSS,
    OKAFOR,
    PHARMACY,
    SAM,
    START,
    TOGETHER,
    Story,
    named,
    of,
    person,
    team,
)

HOURS = {"kind": "hours", "zone": "Europe/London", "days": [2], "from": "10:00", "until": "12:00"}


@row("the facts are those before a position in the ledger, the instant is part of the request")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING, until=story.now + DAY)
    request = Request(SAM, "carer", story.now, item=note)
    assert decide(story.facts(SAM, upto=len(story.said) - 1), request) == Deny("no-consent")
    facts = story.facts(SAM)
    assert decide(facts, request) == decide(facts, request) == story.decide(SAM, "carer", note)
    assert story.rule(SAM, "carer", note) == "+shared"
    assert story.rule(SAM, "carer", note, at=story.now + DAY) == "-condition-not-met"


@row("Every *decision* carries the rule that decided and the ids of the facts it rests on")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING)
    told = story.decide(SAM, "carer", note)
    assert [story.said[at].type for at in told.evidence] == ["carer-named/1", "directive-made/1"]
    story.withholding(note, "carers", "third-party")
    kept = story.decide(SAM, "carer", note)
    assert (kept.rule, [story.said[at].type for at in kept.evidence]) == (
        "withheld:third-party",
        ["withholding-made/1"],
    )


@row("It is versioned (policy 1)")
def _(story: Story) -> None:
    request = Request(OKAFOR, "clinician", story.now, item=story.item("note"))
    assert POLICIES[1] is POLICIES[POLICY_VERSION] is decide
    assert POLICIES[1](story.facts(OKAFOR), request) == story.decide(OKAFOR, "clinician", request.item)
    assert set(RULE_OF_READER.values()) | {9} == set(RULES)


@row("Anything configurable that feeds it (team profiles, topics, ages) is itself a statement, policy-set/1")
def _(story: Story) -> None:
    pill, grief = story.item("pill", kind="medicine"), story.item("grief")
    story.join(MOSS, PHARMACY)
    story.care(team(PHARMACY))
    story.child("2015-05-05")
    birthday = Instant(START + DAY)
    assert story.rule(MOSS, "clinician", pill) == "-outside-profile"
    assert story.rule(*_NADIA, pill, at=birthday) == "-no-consent"
    set_at = story.policy({"pharmacy": {"kinds": ["medicine"], "topics": []}}, (*TOPICS, "bereavement"), review=12)
    assert story.rule(MOSS, "clinician", pill) == "+direct-care"
    assert set_at in story.decide(MOSS, "clinician", pill).evidence
    assert story.rule(*_NADIA, pill, at=birthday) == "+parent"
    story.clinician("item-topics-set/1", item=grief, topics=["bereavement"])
    story.share(of("kind", "note"))
    assert story.rule(SAM, "carer", grief) == "-topic-not-shared"
    story.share(of("topic", "bereavement"))
    assert story.rule(SAM, "carer", grief) == "+shared"


_NADIA = (named("Nadia"), "parent")


@row(
    "Item: one kind (note, letter, result, reading, medicine, allergy, problem, plan, plan-for-carers, wishes,"
    " decision, recommendation, information, working-note, flag, comment, contribution, experience)"
)
def _(story: Story) -> None:
    items = [story.item(f"one {kind}", kind=kind) for kind in KINDS if kind != "comment"]
    assert {story.facts(AMINA).record.items[item].kind for item in items} == set(KINDS) - {"comment"}
    judge = judge_of(story.facts(AMINA), Request(AMINA, "patient", story.now))
    assert [judge(item) for item in items] == [story.decide(AMINA, "patient", item) for item in items]


@row(
    "any number of sensitive topics (mental-health, sexual-health, reproductive, substance-use, domestic-abuse, "
    "genetic, social-care"
)
def _(story: Story) -> None:
    story.share(of("kind", "note"))
    rules = [story.rule(SAM, "carer", story.item(topic, topics=[topic])) for topic in TOPICS]
    assert rules == ["-online-hidden" if topic == "domestic-abuse" else "-topic-not-shared" for topic in TOPICS]
    assert story.rule(SAM, "carer", story.item("all", topics=list(TOPICS)), via="in-person") == "-topic-not-shared"
    assert story.rule(SAM, "carer", story.item("none")) == "+shared"


@row("configurable, each mapped to an HL7 sensitivity code")
def _(story: Story) -> None:
    topics = dict.fromkeys(TOPICS, "R") | {"mental-health": "PSY", "bereavement": "EMOTDIS"}
    facts = {"policy": named("fresh"), "profiles": {}, "topics": topics, "ages": AGES}
    assert story.answer("policy-set/2", ADA, "administrator", **facts) == "+administrator"
    for nothing in (None, "", 7):
        with pytest.raises(MalformedStatement):
            story.answer("policy-set/2", ADA, "administrator", **facts | {"topics": topics | {"genetic": nothing}})
    story.policy(topics=(*TOPICS, "bereavement"))
    added = {"item": named("fresh"), **ITEM, "topics": ["bereavement"]}
    assert story.may("item-added/1", OKAFOR, "clinician", **added) == "+in-care"


@row("author, state (live, in error, in error and wrong record, words erased)")
def _(story: Story) -> None:
    note = story.item("note", LIND)

    def state() -> tuple[object, ...]:
        item: Item = story.facts(AMINA).record.items[note]
        return item.author, item.in_error, item.wrong_record, item.erased

    assert state() == (LIND, None, None, None)
    error = story.clinician("item-marked-in-error/1", LIND, item=note, wrong_record=False)
    assert state() == (LIND, error, None, None)
    assert story.rule(AMINA, "patient", note) == "+own-record"
    wrong = story.clinician("item-marked-in-error/1", LIND, item=note, wrong_record=True)
    assert state() == (LIND, wrong, wrong, None)
    erased = story.erase(note, story.asked(note, GRETA, "guardian"))
    assert state() == (LIND, wrong, wrong, erased)


@row("A comment, reply or dispute is an item of its own with a parent: for patient and team by default")
def _(story: Story) -> None:
    note = story.item("note", topics=["mental-health"])
    answer = story.item("answer", AMINA, "patient", kind="comment", parent=note, concern="dispute")
    reply = story.item("reply", LIND, kind="comment", parent=answer, concern="reply")
    assert story.rule(AMINA, "patient", reply) == "+own-record"
    assert story.rule(OKAFOR, "clinician", reply) == "+direct-care"
    assert story.rule(SAM, "carer", reply) == "-topic-not-shared"


@row("sharing the parent never shares it")
def _(story: Story) -> None:
    note = story.item("note", topics=["mental-health"])
    answer = story.item("answer", AMINA, "patient", kind="comment", parent=note, concern="comment")
    reply = story.item("reply", LIND, kind="comment", parent=answer, concern="reply")
    story.share(of("item", note))
    assert story.rule(SAM, "carer", note) == "+shared"
    assert story.rule(SAM, "carer", answer) == "-topic-not-shared"
    story.share(of("item", reply))
    assert story.rule(SAM, "carer", reply) == "+shared"


@row("sharing the parent never shares it", "a wide share shares an answer only with all that it answers")
def _(story: Story) -> None:
    note, secret = story.item("note"), story.item("secret", topics=["genetic"])
    answers = [
        story.item(f"answer {n}", AMINA, "patient", kind="comment", parent=one, concern="comment")
        for n, one in enumerate((note, secret))
    ]
    story.share(EVERYTHING)
    story.share(of("item", secret))
    assert [story.rule(SAM, "carer", one) for one in answers] == ["+shared", "-topic-not-shared"]
    story.withhold(of("item", note))
    assert story.rule(SAM, "carer", answers[0]) == "-withheld-by-patient"


@row("Authors confirm the topics of a medicine (a drug can tell a diagnosis)")
def _(story: Story) -> None:
    pill = story.item("lithium", kind="medicine")
    story.share(of("kind", "medicine"))
    assert story.rule(SAM, "carer", pill) == "+shared"
    confirmed = {"item": pill, "topics": ["mental-health"]}
    assert story.may("item-topics-set/1", OKAFOR, "clinician", **confirmed) == "+author"
    assert story.may("item-topics-set/1", AMINA, "patient", **confirmed) == "-not-the-author"
    story.clinician("item-topics-set/1", **confirmed)
    assert story.rule(SAM, "carer", pill) == "-topic-not-shared"


@row(
    "Directive (the patient's): grantee (a person; a team; all carers), scope (an item; a topic; a kind; everything),"
    " share or withhold"
)
def _(story: Story) -> None:
    note, genes = story.item("note"), story.item("genes", topics=["genetic"])
    story.join(SAM, FAMILY)
    scopes = ((of("item", note), note), (of("topic", "genetic"), genes), (of("kind", "note"), note), (EVERYTHING, note))
    for to in (person(SAM), team(FAMILY), ALL_CARERS):
        for scope, item in scopes:
            assert story.rule(SAM, "carer", item) in ("-no-consent", "-topic-not-shared")
            shared = story.share(scope, to)
            assert story.rule(SAM, "carer", item) == "+shared"
            sealed = story.withhold(scope, to, replaces=shared)
            assert story.rule(SAM, "carer", item) in ("-withheld-by-patient", "-topic-not-shared")
            story.patient("directive-withdrawn/1", directive=sealed)


@row("A share may have from, until, and a condition: only together; hours (in a named time zone); when unwell")
def _(story: Story) -> None:
    for terms in (
        {"from_": story.now + HOUR, "until": story.now + DAY},
        {"condition": TOGETHER},
        {"condition": HOURS},
        {"condition": {"kind": "when-unwell"}},
    ):
        note = story.item(f"note {len(story.said)}")
        assert story.may("directive-made/1", AMINA, "patient", **_directive(of("item", note), **terms)) == "+patient"
        story.share(of("item", note), **terms)
        assert story.rule(SAM, "carer", note) == "-condition-not-met"


@row("A withhold has none: it lasts until withdrawn")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING)
    kept = story.withhold(of("item", note))
    assert story.rule(SAM, "carer", note, at=story.now + 999 * DAY) == "-withheld-by-patient"
    story.patient("directive-withdrawn/1", directive=kept)
    assert story.rule(SAM, "carer", note) == "+shared"
    for terms in ({"until": story.now + DAY}, {"from_": story.now + DAY}, {"condition": TOGETHER}):
        facts = _directive(of("item", note), effect="withhold", **terms)
        assert story.may("directive-made/1", AMINA, "patient", **facts) == "-withhold-is-unconditional"


@row(
    "It names the directive it replaces (id or null), and is admitted only if that is the current one for the same"
    " grantee and scope"
)
def _(story: Story) -> None:
    def replacing(which: str | None, scope: dict[str, str] = EVERYTHING) -> str:
        return story.may("directive-made/1", AMINA, "patient", **_directive(scope, replaces=which))

    assert (replacing(None), replacing(named("unknown"))) == ("+patient", "-replaced-not-current")
    first = story.share(EVERYTHING)
    assert (replacing(None), replacing(first)) == ("-replaced-not-current", "+patient")
    assert replacing(first, of("kind", "plan")) == "-replaced-not-current"


@row("A replaced directive never returns, whatever the newer one's dates")
def _(story: Story) -> None:
    note = story.item("note")
    first = story.share(EVERYTHING)
    second = story.share(EVERYTHING, until=story.now + HOUR, replaces=first)
    assert story.rule(SAM, "carer", note, at=story.now + 2 * HOUR) == "-condition-not-met"
    story.patient("directive-withdrawn/1", directive=first)
    assert story.rule(SAM, "carer", note) == "+shared"
    story.patient("directive-withdrawn/1", directive=second)
    assert story.rule(SAM, "carer", note) == "-no-consent"


def _directive(scope: dict[str, str], **terms: object) -> dict[str, object]:
    """The facts of a share with Sam."""
    unless_said = {"from_": None, "until": None, "condition": None, "replaces": None, "hidden": False}
    about = {"directive": named("fresh"), "effect": "share", "scope": scope, "grantee": person(SAM)}
    return about | unless_said | terms
