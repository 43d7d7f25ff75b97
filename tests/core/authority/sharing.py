"""Who may say who sees what: directives, sessions, carers, emergencies."""

from ledger.core.instants import DAY, HOUR, Instant
from tests.core.authority.rows import FRESH_ID, about_record, row, sharing
from tests.core.story import (
    ALL_CARERS,
    AMINA,
    DORA,
    EVERYTHING,
    FAMILY,
    GRETA,
    LIND,
    MOSS,
    NADIA,
    OKAFOR,
    PAUL,
    RUTH,
    SAM,
    TOGETHER,
    Story,
    named,
    of,
    person,
    team,
)


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


@row("together: nobody attests that they are in the room with themselves")
def _(story: Story) -> None:
    story.child("2020-05-04")
    for who, acting in ((OKAFOR, "clinician"), (NADIA, "parent")):
        session = {"together": FRESH_ID, "person": who, "until": story.now + HOUR}
        story.patient("carer-named/1", person=who)
        assert about_record(story, "together-started/1", who, acting, **session) == "-for-themselves"


@row("suspension and freeze: of attorneys and parents too, whether they are named as carers or not")
def _(story: Story) -> None:
    story.power()
    story.child("2014-05-04")
    for who in (PAUL, NADIA):
        for type_ in ("carer-suspended/1", "sharing-frozen/1"):
            assert about_record(story, type_, AMINA, "patient", person=who) == "+patient"
            assert about_record(story, type_, AMINA, "patient", person=DORA) == "-not-a-carer"


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


@row("stop, freeze: the patient; unfreezing is a new grant")
def _(story: Story) -> None:
    assert about_record(story, "sharing-stopped/1", AMINA, "patient") == "+patient"
    assert about_record(story, "sharing-stopped/1", SAM, "carer") == "-not-the-patient"
    assert about_record(story, "sharing-frozen/1", AMINA, "patient", person=SAM) == "+patient"
    assert about_record(story, "sharing-frozen/1", AMINA, "patient", person=RUTH) == "-not-a-carer"
    assert about_record(story, "sharing-unfrozen/1", AMINA, "patient", person=SAM) == "-not-frozen"
    story.patient("sharing-frozen/1", person=SAM)
    assert about_record(story, "sharing-unfrozen/1", AMINA, "patient", person=SAM) == "+patient"
    assert about_record(story, "sharing-unfrozen/1", AMINA, "patient", person=SAM, late=DAY) == "-stale-grant"
    story.assess()
    assert about_record(story, "sharing-unfrozen/1", AMINA, "patient", person=SAM) == "-lacks-capacity"


@row("the carer conversation: a clinician in care")
def _(story: Story) -> None:
    held = {"conversation": FRESH_ID, "person": SAM, "outcome": "agreed", "capacity": "presumed"}
    assert about_record(story, "carer-conversation-held/1", OKAFOR, "clinician", **held) == "+in-care"
    assert about_record(story, "carer-conversation-held/1", MOSS, "clinician", **held) == "-not-in-care"
    assert about_record(story, "carer-conversation-held/1", AMINA, "patient", **held) == "-role-missing"
    themselves = held | {"person": OKAFOR}
    assert about_record(story, "carer-conversation-held/1", OKAFOR, "clinician", **themselves) == "-for-themselves"
    story.clinician("carer-conversation-held/1", **held)
    assert about_record(story, "carer-conversation-held/1", OKAFOR, "clinician", **held) == "-already-said"


@row("notice of an emergency: delayed by the guardian, not of their own, 72 hours at a time")
def _(story: Story) -> None:
    emergency = story.emergency()
    delay = {"emergency": emergency, "until": story.now + 72 * HOUR}
    assert about_record(story, "notice-delayed/1", GRETA, "guardian", **delay) == "+guardian"
    assert about_record(story, "notice-delayed/1", MOSS, "clinician", **delay) == "-role-missing"
    unknown, late = delay | {"emergency": FRESH_ID}, delay | {"until": story.now + 73 * HOUR}
    assert about_record(story, "notice-delayed/1", GRETA, "guardian", **unknown) == "-unknown-emergency"
    assert about_record(story, "notice-delayed/1", GRETA, "guardian", **late) == "-too-long"
    story.role(MOSS, "guardian")
    assert about_record(story, "notice-delayed/1", MOSS, "guardian", **delay) == "-own-access"
    story.now = Instant(story.now + 2 * HOUR)  # the emergency is over, and the patient has been told
    assert about_record(story, "notice-delayed/1", GRETA, "guardian", **delay) == "-already-told"


@row("a question about an access: the patient, of somebody else; answered by who is asked, or the guardian")
def _(story: Story) -> None:
    asked = {"question": FRESH_ID, "disclosure": named("line"), "viewer": LIND}
    assert about_record(story, "access-questioned/1", AMINA, "patient", **asked) == "+patient"
    assert about_record(story, "access-questioned/1", SAM, "carer", **asked) == "-not-the-patient"
    themselves = asked | {"viewer": AMINA}
    assert about_record(story, "access-questioned/1", AMINA, "patient", **themselves) == "-for-themselves"
    answer_ = {"question": FRESH_ID}
    assert about_record(story, "access-answered/1", GRETA, "guardian", **answer_) == "-unknown-question"
    story.patient("access-questioned/1", **asked)
    assert about_record(story, "access-questioned/1", AMINA, "patient", **asked) == "-already-said"
    assert about_record(story, "access-answered/1", LIND, "clinician", **answer_) == "+clinician"
    assert about_record(story, "access-answered/1", GRETA, "guardian", **answer_) == "+guardian"
    assert about_record(story, "access-answered/1", OKAFOR, "clinician", **answer_) == "-role-missing"
    story.role(LIND, "guardian")
    assert about_record(story, "access-answered/1", LIND, "guardian", **answer_) == "-own-access"
    story.clinician("access-answered/1", LIND, **answer_)
    assert about_record(story, "access-answered/1", GRETA, "guardian", **answer_) == "-already-answered"
