"""Rule 5: what a carer may see."""

from ledger.core.decisions import Deny, Permit, Request, leaves_trace
from ledger.core.instants import DAY, HOUR, SECOND, parse_instant
from tests.core.disclosure.rows import row
from tests.core.story import (
    ALL_CARERS,
    AMINA,
    EVERYTHING,
    FAMILY,
    JOY,
    LIND,
    OKAFOR,
    PHARMACY,
    SAM,
    TOGETHER,
    Story,
    named,
    of,
    person,
    practice,
    team,
)

HOURS = {"kind": "hours", "zone": "Europe/London", "days": [1], "from": "10:00", "until": "12:00"}


@row("5. Carer → working note, flag, withholding from carers, online-hidden: Deny", "whatever is shared")
def _(story: Story) -> None:
    kept = [story.item("thoughts", kind="working-note"), story.item("flag", kind="flag"), story.item("note")]
    story.withholding(kept[2], "carers", "third-party")
    kept.append(story.item("answer", kind="comment", parent=kept[2], concern="comment"))
    kept += [story.item("abuse", topics=["domestic-abuse"]), story.item("told", JOY, "carer", kind="contribution")]
    story.withholding(kept[5], "carers", "carer-confidence")
    for item in kept:
        story.share(of("item", item))
    rules = [story.rule(SAM, "carer", item, at=story.now + 99 * DAY) for item in kept]
    third, confided = "-withheld:third-party", "-withheld:carer-confidence"
    assert rules == ["-working", "-flag", third, third, "-online-hidden", confided]


@row("5. Carer → working note, flag, withholding from carers, online-hidden: Deny", "and what the patient may not see")
def _(story: Story) -> None:
    told = story.item("told", JOY, "carer", kind="contribution", in_confidence=True)
    note, result = story.item("note"), story.item("result", kind="result")
    story.withholding(note, "patient", "serious-harm")
    story.clinician("result-held/1", item=result, until=story.now + DAY)
    story.share(EVERYTHING)
    rules = [story.rule(SAM, "carer", item) for item in (told, note, result)]
    assert rules == ["-carer-confidence", "-withheld:serious-harm", "-not-yet"]


@row("Then: (a) a directive for the item decides")
def _(story: Story) -> None:
    note = story.item("note", topics=["mental-health"])
    story.share(EVERYTHING)
    story.share(of("item", note))
    assert story.rule(SAM, "carer", note) == "+shared"
    other = story.item("other")
    story.withhold(of("item", other))
    assert story.rule(SAM, "carer", other) == "-withheld-by-patient"


@row("else (b) if it has topics, *every one* must be shared by a topic directive, else Deny topic-not-shared")
def _(story: Story) -> None:
    note = story.item("note", topics=["mental-health", "genetic"])
    story.share(EVERYTHING)
    story.share(of("kind", "note"))
    story.share(of("topic", "genetic"))
    assert story.rule(SAM, "carer", note) == "-topic-not-shared"
    mental = story.share(of("topic", "mental-health"))
    assert story.rule(SAM, "carer", note) == "+shared"
    story.withhold(of("topic", "mental-health"), replaces=mental)
    assert story.rule(SAM, "carer", note) == "-topic-not-shared"


@row("(c) if it has none, the kind directive decides, else everything, else Deny no-consent")
def _(story: Story) -> None:
    note, letter = story.item("note"), story.item("letter", kind="letter")
    assert story.rule(SAM, "carer", note) == "-no-consent"
    story.share(EVERYTHING)
    story.withhold(of("kind", "letter"))
    assert story.rule(SAM, "carer", note) == "+shared"
    assert story.rule(SAM, "carer", letter) == "-withheld-by-patient"


@row("Within a scope the nearest grantee decides: person, then team, then all carers")
def _(story: Story) -> None:
    note = story.item("note")
    story.join(SAM, FAMILY)
    story.withhold(EVERYTHING, ALL_CARERS)
    assert story.rule(SAM, "carer", note) == "-withheld-by-patient"
    family = story.share(EVERYTHING, team(FAMILY))
    assert story.rule(SAM, "carer", note) == "+shared"
    story.withhold(EVERYTHING, team(FAMILY), replaces=family)
    assert story.rule(SAM, "carer", note) == "-withheld-by-patient"
    story.share(EVERYTHING)
    assert story.rule(SAM, "carer", note) == "+shared"
    assert story.rule(JOY, "carer", note) == "-withheld-by-patient"


@row("Within a scope the nearest grantee decides", "but the narrower scope first, whoever it is for")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING)
    kind = story.withhold(of("kind", "note"), ALL_CARERS)
    assert story.rule(SAM, "carer", note) == "-withheld-by-patient"
    story.share(of("item", note), ALL_CARERS)
    assert story.rule(SAM, "carer", note) == story.rule(JOY, "carer", note) == "+shared"
    story.patient("directive-withdrawn/1", directive=kind)
    assert story.rule(JOY, "carer", story.item("other")) == "-no-consent"


@row("among equals withhold")
def _(story: Story) -> None:
    note = story.item("note")
    story.join(SAM, FAMILY)
    story.join(SAM, PHARMACY)
    story.share(EVERYTHING, team(FAMILY))
    assert story.rule(SAM, "carer", note) == "+shared"
    story.withhold(EVERYTHING, team(PHARMACY))
    assert story.rule(SAM, "carer", note) == "-withheld-by-patient"


@row("A share that decides but is expired, not started, or whose condition is not met → Deny condition-not-met")
def _(story: Story) -> None:
    note = story.item("note")
    first = story.share(of("item", note), from_=story.now + DAY, until=story.now + 2 * DAY)
    when = [story.now, story.now + DAY + SECOND, story.now + 2 * DAY]
    rules = [story.rule(SAM, "carer", note, at=at) for at in when]
    assert rules == ["-condition-not-met", "+shared", "-condition-not-met"]
    story.share(of("item", note), condition={"kind": "when-unwell"}, replaces=first)
    assert story.rule(SAM, "carer", note) == "-condition-not-met"


@row("it never falls through to a wider one", "of a wider scope or a wider grantee")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING)
    story.share(of("item", note), ALL_CARERS)
    assert story.rule(SAM, "carer", note) == "+shared"
    story.share(of("item", note), until=story.now + HOUR)
    assert story.rule(SAM, "carer", note, at=story.now + HOUR) == "-condition-not-met"


@row("only together", "while a session lasts")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(of("item", note), condition=TOGETHER)
    session, ends = named("session"), story.now + HOUR
    started = story.patient("together-started/1", together=session, person=SAM, until=ends)
    permitted = story.decide(SAM, "carer", note)
    assert permitted == Permit("shared", permitted.evidence, ends)
    assert started in permitted.evidence
    assert story.rule(JOY, "carer", note) == "-no-consent"
    assert story.rule(SAM, "carer", note, at=ends) == "-condition-not-met"
    story.patient("together-ended/1", together=session)
    assert story.rule(SAM, "carer", note) == "-condition-not-met"


@row("hours (in a named time zone)", "an unknown zone opens nothing")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other")
    story.share(of("item", note), condition=HOURS)
    story.share(of("item", other), condition=HOURS | {"zone": "Europe/Londres"})
    opens, closes = parse_instant("2026-05-04T09:00:00.000Z"), parse_instant("2026-05-04T11:00:00.000Z")
    assert story.decide(SAM, "carer", note, at=opens).until == closes
    assert story.rule(SAM, "carer", note, at=opens - 1) == "-condition-not-met"
    assert story.rule(SAM, "carer", note, at=closes) == "-condition-not-met"
    assert story.rule(SAM, "carer", note, at=opens + DAY) == "-condition-not-met"
    assert story.rule(SAM, "carer", other, at=opens) == "-condition-not-met"


@row("when unwell", "while an assessment says that the patient cannot decide about sharing")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(of("item", note), condition={"kind": "when-unwell"})
    assert story.rule(SAM, "carer", note) == "-condition-not-met"
    story.assess("sharing", "has")
    assert story.rule(SAM, "carer", note) == "-condition-not-met"
    story.assess("sharing", "lacks", until=story.now + DAY)
    permitted = story.decide(SAM, "carer", note)
    assert {"capacity-assessed/1", "directive-made/1"} <= {story.said[at].type for at in permitted.evidence}
    assert story.rule(SAM, "carer", note, at=story.now + DAY) == "-condition-not-met"
    story.assess("sharing", "has")
    assert story.rule(SAM, "carer", note) == "-condition-not-met"


@row("Suspended → as if there were no directives")
def _(story: Story) -> None:
    note = story.item("note")
    told = story.item("told", SAM, "carer", kind="contribution")
    story.share(EVERYTHING)
    suspended = story.patient("carer-suspended/1", person=SAM)
    assert story.decide(SAM, "carer", note) == Deny("no-consent", (suspended,))
    assert story.rule(SAM, "carer", told) == "+own-words"
    story.best_interests(story.assess(), of("kind", "note"))
    assert story.rule(SAM, "carer", note) == "-no-consent"


@row("So: default deny")
def _(story: Story) -> None:
    assert story.decide(SAM, "carer", story.item("note")) == Deny("no-consent")
    assert story.rule(SAM, "carer") == "+named-carer"


@row("a consent to one thing is never a consent to another")
def _(story: Story) -> None:
    note, letter, plan = story.item("note"), story.item("letter", kind="letter"), story.item("plan", kind="plan")
    genes = story.item("genes", topics=["genetic", "reproductive"])
    for scope, opened in (
        (of("item", note), [note]),
        (of("kind", "letter"), [note, letter]),
        (of("topic", "genetic"), [note, letter]),
    ):
        story.share(scope)
        assert [one for one in (note, letter, plan, genes) if story.rule(SAM, "carer", one) == "+shared"] == opened
    assert story.rule(JOY, "carer", note) == "-no-consent"


@row('a kind share or "everything" opens no sensitive topic that was not ticked')
def _(story: Story) -> None:
    notes = [story.item(topic, topics=[topic]) for topic in ("mental-health", "genetic", "social-care")]
    story.share(EVERYTHING)
    story.share(of("kind", "note"))
    assert {story.rule(SAM, "carer", note) for note in notes} == {"-topic-not-shared"}
    story.share(of("topic", "genetic"))
    assert [story.rule(SAM, "carer", note) for note in notes] == ["-topic-not-shared", "+shared", "-topic-not-shared"]


@row("Carers never see the trail")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING)
    assert story.rule(SAM, "carer", note, via="trail") == story.rule(SAM, "carer", via="trail") == "-no-trail"
    story.power()
    assert story.rule(named("Paul"), "attorney", via="trail") == "-no-trail"


@row("Absence must not be readable", "no refusal of a carer leaves a trace, nor does a preview of theirs")
def _(story: Story) -> None:
    note = story.item("note")
    story.withholding(note, "patient", "third-party")
    denied = story.decide(SAM, "carer", note)
    assert denied.trace
    assert not leaves_trace(denied, Request(SAM, "carer", story.now))
    assert not leaves_trace(denied, Request(SAM, "carer", story.now, via="preview"))


@row("A hidden id answers exactly as an unknown id", "to whoever would speak about it")
def _(story: Story) -> None:
    note, flag = story.item("note"), story.item("flag", kind="flag")
    story.withholding(note, "carers", "safeguarding")
    for who, acting, hidden in ((SAM, "carer", note), (AMINA, "patient", flag)):
        answers = {story.ask("item-added/1", who, acting, **_comment(item)) for item in (hidden, named("no such item"))}
        assert answers == {Deny("unknown-item")}


@row("The same holds for a patient and what is hidden without trace")
def _(story: Story) -> None:
    without = practice()
    hidden = story.item("flag", LIND, kind="flag")
    seen, unseen = story.decide(AMINA, "patient", hidden), without.decide(AMINA, "patient", hidden)
    for denied in (seen, unseen):
        assert not leaves_trace(denied, Request(AMINA, "patient", story.now))
    about = {"item": hidden, "agreement": "agree"}
    assert story.may("agreement-stated/1", AMINA, "patient", **about) == "-unknown-item"
    assert without.may("agreement-stated/1", AMINA, "patient", **about) == "-unknown-item"


@row("Refusing a carer never blocks listening to them", "suspended, frozen, or shown nothing at all")
def _(story: Story) -> None:
    told = _item(kind="contribution", parent=None, concern=None)
    story.withhold(EVERYTHING)
    for type_ in ("carer-suspended/1", "sharing-frozen/1"):
        story.patient(type_, person=SAM)
        assert story.rule(SAM, "carer") == "+named-carer"
        assert story.may("item-added/1", SAM, "carer", **told) == "+named-carer"
        assert story.may("item-added/1", SAM, "carer", **told | {"in_confidence": True}) == "+named-carer"


@row(
    "telling the team something", "the team reads it, and so does who told it; who else does is for the patient to say"
)
def _(story: Story) -> None:
    kept = story.item("kept", SAM, "carer", kind="contribution")
    assert story.rule(OKAFOR, "clinician", kept) == "+direct-care"
    assert story.rule(SAM, "carer", kept) == "+own-words"
    assert story.rule(JOY, "carer", kept) == "-no-consent"
    story.share(of("item", kept), person(JOY))
    assert story.rule(JOY, "carer", kept) == "+shared"


def _item(**facts: object) -> dict[str, object]:
    """The facts of an item that is about to be added."""
    unless_said = {"due": None, "in_confidence": False, "discussed": False, "copy_given": False, "imported": None}
    return {"item": named("fresh"), "topics": [], **unless_said, **facts}


def _comment(parent: str) -> dict[str, object]:
    """The facts of a comment on an item."""
    record = {"record": named("record")}
    return _item(kind="comment", parent=parent, concern="comment") | record
