"""Bad input: directives that contradict each other, come late, run in circles, or come from somebody who may not."""

import pytest

from ledger.core.errors import MalformedStatement
from ledger.core.instants import DAY, HOUR, MINUTE
from ledger.core.vocabulary import check_said
from tests.core.authority.rows import FRESH_ID, about_record, row, sharing
from tests.core.story import (
    ALL_CARERS,
    AMINA,
    EVERYTHING,
    GRETA,
    JOY,
    LIND,
    MOSS,
    NADIA,
    OKAFOR,
    PAUL,
    RECORD,
    SAM,
    Story,
    named,
    of,
    person,
)


@row("bad input: a directive that contradicts the current one is admitted only in its place, so there is always one")
def _(story: Story) -> None:
    share = story.share(EVERYTHING)
    assert sharing(story, effect="withhold") == sharing(story) == "-replaced-not-current"
    assert sharing(story, effect="withhold", replaces=share) == "+patient"
    story.withhold(EVERYTHING, replaces=share)
    [current] = story.facts(AMINA).record.current["person", SAM].values()
    assert not current.shares


@row("bad input: directives that overlap are both admitted, and the rule says which decides")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING)
    assert sharing(story, effect="withhold", scope=of("kind", "note")) == "+patient"
    assert sharing(story, effect="withhold", grantee=ALL_CARERS) == "+patient"
    story.withhold(of("kind", "note"))
    story.withhold(EVERYTHING, ALL_CARERS)
    assert story.rule(SAM, "carer", note) == "-withheld-by-patient"
    assert story.rule(SAM, "carer", story.item("plan", kind="plan")) == "+shared"


@row("bad input: backdated: a share that was made long ago, or whose end is past")
def _(story: Story) -> None:
    assert sharing(story, late=6 * MINUTE) == sharing(story, late=99 * DAY) == "-stale-grant"
    assert sharing(story, until=story.now - DAY) == sharing(story, until=story.now) == "-empty-period"
    assert sharing(story, from_=story.now + DAY, until=story.now + HOUR) == "-empty-period"
    assert sharing(story, from_=story.now - DAY) == "+patient"  # it holds from its admission, whatever it says


@row("bad input: circular: a directive that replaces itself, one replaced already, or one of another")
def _(story: Story) -> None:
    assert sharing(story, directive=FRESH_ID, replaces=FRESH_ID) == "-replaced-not-current"
    first = story.share(EVERYTHING)
    second = story.share(EVERYTHING, replaces=first)
    assert sharing(story, directive=first, replaces=second) == "-already-said"
    assert sharing(story, replaces=first) == "-replaced-not-current"
    assert sharing(story, replaces=second, grantee=person(JOY)) == "-replaced-not-current"
    assert sharing(story, replaces=second, scope=of("kind", "note")) == "-replaced-not-current"


@row("bad input: an unknown scope, grantee or kind")
def _(story: Story) -> None:
    assert sharing(story, scope=of("item", FRESH_ID)) == "-unknown-item"
    assert sharing(story, scope=of("topic", "astrology")) == "-unknown-topic"
    assert sharing(story, grantee={"kind": "team", "id": FRESH_ID}) == "-unknown-team"
    assert sharing(story, grantee=person(FRESH_ID)) == "-unknown-person"
    for wrong in ({"scope": of("kind", "horoscope")}, {"scope": of("planet", "Mars")}, {"effect": "perhaps"}):
        with pytest.raises(MalformedStatement):
            sharing(story, **wrong)


@row("bad input: an attorney without registration")
def _(story: Story) -> None:
    assert about_record(story, "carer-named/1", PAUL, "attorney", person=JOY) == "-no-role"
    assert story.rule(PAUL, "attorney") == "-no-role"
    unregistered = {
        "power": FRESH_ID,
        "person": PAUL,
        "kind": "attorney",
        "matters": ["treatment"],
        "terms": "jointly",
        "holders": 1,
        "registered_on": None,
        "from_": story.now,
        "until": None,
    }
    assert about_record(story, "power-registered/1", named("Ada"), "administrator", **unregistered) == "-not-registered"
    assert about_record(story, "power-registered/1", PAUL, "attorney", **unregistered) == "-no-role"


@row("bad input: a carer who attests presence")
def _(story: Story) -> None:
    session = {"together": FRESH_ID, "person": SAM, "until": story.now + HOUR}
    assert about_record(story, "together-started/1", SAM, "carer", **session) == "-not-the-patient"
    assert about_record(story, "together-started/1", SAM, "clinician", **session) == "-no-role"
    story.patient("carer-named/1", person=OKAFOR)
    assert about_record(story, "together-started/1", OKAFOR, "carer", **session) == "-not-the-patient"


@row("bad input: an emergency without a reason or a kind")
def _(story: Story) -> None:
    opened = {"record": RECORD, "emergency": FRESH_ID, "person": MOSS, "kind": "urgent-care"}
    whole = opened | {"until": "2026-05-04T12:00:00.000Z"}
    check_said("emergency-opened/2", whole, {"reason": "Unconscious."})
    for words in (None, {}, {"reason": ""}, {"reason": "  "}):
        with pytest.raises(MalformedStatement, match="words"):
            check_said("emergency-opened/2", whole, words)
    for facts in (whole | {"kind": "curiosity"}, {name: value for name, value in whole.items() if name != "kind"}):
        with pytest.raises(MalformedStatement, match="facts"):
            check_said("emergency-opened/2", facts, {"reason": "Unconscious."})
    older = {"emergency": FRESH_ID, "person": MOSS, "until": story.now + HOUR}
    assert about_record(story, "emergency-opened/1", MOSS, "clinician", **older) == "-superseded"


@row("bad input: a directive by somebody who may not make it")
def _(story: Story) -> None:
    story.power()
    story.child("2014-05-04")
    speakers = ((SAM, "carer"), (OKAFOR, "clinician"), (GRETA, "guardian"), (PAUL, "attorney"))
    for who, acting in (*speakers, (NADIA, "parent")):
        assert sharing(story, who, acting) == "-not-the-patient"
        assert sharing(story, who, acting, effect="withhold") == "-not-the-patient"
    assert sharing(story, LIND, "patient") == sharing(story, named("nobody"), "carer") == "-no-role"
    assert sharing(story, SAM, "carer", scope=of("item", named("hidden"))) == "-not-the-patient"
