"""Who may speak about people, teams, records, keys and cases."""

from typing import Any

from ledger.core.authority import may_say
from ledger.core.decisions import Permit
from ledger.core.instants import HOUR
from ledger.core.said import Said
from ledger.core.terms import TOPICS
from tests.core.authority.rows import FRESH_ID, TERM, answer, row
from tests.core.story import (
    ADA,
    AGES,
    AMINA,
    BERT,
    FAMILY,
    GRETA,
    JOY,
    MOSS,
    OKAFOR,
    PHARMACY,
    PRACTICE,
    RECORD,
    RUTH,
    SAM,
    SERVICE,
    Story,
    named,
    person,
    team,
)


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
    signed, keyed = {"signed_by": "author", "had_own_key": True}, {"had_own_key": True}
    taken = signed | {"subject_has_key": True}
    for enrolled in ("key-enrolled/1", "passkey-enrolled/1"):
        assert answer(story, enrolled, SAM, "carer", through=signed, **key) == "+own-key"
        assert answer(story, enrolled, SAM, "carer", **key) == "-not-signed"
        assert answer(story, enrolled, SAM, "carer", through=keyed, **key) == "-not-signed"
        assert answer(story, enrolled, JOY, "registrar", through=signed, **key) == "+registrar"
        assert answer(story, enrolled, JOY, "registrar", **key) == "+registrar"
        assert answer(story, enrolled, JOY, "registrar", **key | {"person": JOY}) == "+registrar"
        assert answer(story, enrolled, JOY, "registrar", through=keyed, **key) == "-not-signed"
        assert answer(story, enrolled, ADA, "administrator", through=signed, **key) == "-role-missing"
        # Whoever has a key enrols the next one; a role that took two is not taken over by one registrar.
        assert answer(story, enrolled, JOY, "registrar", through=taken, **key) == "-has-own-key"
        assert answer(story, enrolled, SAM, "carer", through=taken, **key) == "+own-key"
        lost = signed | {"subject_keyed_at": 500}
        assert answer(story, enrolled, JOY, "registrar", through=lost, **key) == "-not-recovered"
        greta = {**key, "person": GRETA}
        assert answer(story, enrolled, JOY, "registrar", through=signed, **greta) == "-takes-an-administrator"
    assert answer(story, "passkey-enrolled/1", SERVICE, "service", **key) == "-role-missing"
    assert answer(story, "key-enrolled/1", SERVICE, "service", through={"custody": "service"}, **key) == "+service"
    assert (
        answer(story, "key-enrolled/1", SERVICE, "service", through={"custody": "author"}, **key)
        == "-not-a-service-key"
    )
    revoked = key | {"reason": "lost"}
    assert answer(story, "key-revoked/1", SAM, "carer", **revoked) == "+own-key"
    assert answer(story, "key-revoked/1", ADA, "administrator", **revoked) == "+administrator"
    assert answer(story, "key-revoked/1", JOY, "registrar", **revoked) == "-role-missing"
    assert answer(story, "passkey-revoked/1", SAM, "carer", **revoked) == "+own-key"
    assert answer(story, "passkey-revoked/1", ADA, "administrator", **revoked) == "+administrator"
    assert answer(story, "passkey-revoked/1", JOY, "registrar", **revoked) == "-role-missing"


@row("recovery: asked by one of the staff or by the service for a code, approved by another, never for themselves")
def _(story: Story) -> None:
    story.role(JOY, "registrar")
    asked = {"person": SAM, "recovery": FRESH_ID, "ground": "staff"}
    approved = {"person": SAM, "recovery": FRESH_ID}

    def approve(who: str, acting: str, **facts: Any) -> str:
        return answer(story, "recovery-approved/1", who, acting, **approved | facts)

    assert answer(story, "recovery-asked/1", JOY, "registrar", **asked) == "+registrar"
    assert answer(story, "recovery-asked/1", ADA, "administrator", **asked) == "+administrator"
    assert answer(story, "recovery-asked/1", JOY, "registrar", **asked | {"person": JOY}) == "-for-themselves"
    assert answer(story, "recovery-asked/1", JOY, "registrar", **asked | {"ground": "code"}) == "-not-the-service"
    assert answer(story, "recovery-asked/1", OKAFOR, "clinician", **asked) == "-role-missing"
    assert answer(story, "recovery-asked/1", SERVICE, "service", **asked | {"ground": "code"}) == "+service"
    assert answer(story, "recovery-asked/1", SERVICE, "service", **asked) == "-role-missing"
    assert approve(ADA, "administrator") == "-nothing-to-approve"
    story.say("recovery-asked/1", JOY, "registrar", **asked)
    assert approve(JOY, "registrar") == "-same-administrator"
    assert approve(ADA, "administrator") == "+administrator"
    assert approve(ADA, "administrator", person=ADA) == "-for-themselves"
    assert approve(OKAFOR, "clinician") == approve(SERVICE, "service") == "-role-missing"
    assert answer(story, "recovery-asked/1", JOY, "registrar", **asked | {"person": GRETA}) == "-takes-an-administrator"
    assert answer(story, "recovery-asked/1", ADA, "administrator", **asked | {"person": GRETA}) == "+administrator"
    assert approve(JOY, "registrar", person=GRETA) == "-takes-an-administrator"
    key, signed = {"person": SAM, "kid": "kid"}, {"signed_by": "author", "had_own_key": True}
    keyed = story.say("recovery-approved/1", ADA, "administrator", **approved)
    assert approve(ADA, "administrator") == "-nothing-to-approve"
    for since, told in ((keyed - 1, "+registrar"), (keyed + 1, "-not-recovered")):
        lost = signed | {"subject_keyed_at": since}
        assert answer(story, "passkey-enrolled/1", JOY, "registrar", through=lost, **key) == told
    code = story.say("recovery-asked/1", SERVICE, "service", **asked | {"ground": "code"})
    lost = signed | {"subject_keyed_at": code - 1}
    assert answer(story, "passkey-enrolled/1", JOY, "registrar", through=lost, **key) == "+registrar"


@row("a case is assigned by an administrator or a guardian, to somebody else, of a record or a person")
def _(story: Story) -> None:
    case = {"case": FRESH_ID, "auditor": RUTH, "record": RECORD, "person": None, "period": None, **TERM}

    def assign(who: str, acting: str, **facts: Any) -> str:
        return answer(story, "case-assigned/2", who, acting, **case | facts)

    assert assign(ADA, "administrator") == "+administrator"
    assert assign(GRETA, "guardian") == "+guardian"
    assert assign(RUTH, "auditor") == "-role-missing"
    assert assign(GRETA, "guardian", auditor=GRETA) == "-for-themselves"
    assert assign(GRETA, "guardian", person=RUTH) == "-for-themselves"
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


@row("names are told by the service, to an administrator or a registrar")
def _(story: Story) -> None:
    def told(viewer: str, acting_as: str, who: str = SERVICE, acting: str = "service") -> str:
        facts = {"reading": FRESH_ID, "viewer": viewer, "acting_as": acting_as, "people": [SAM], "teams": [FAMILY]}
        return answer(story, "directory-read/1", who, acting, **facts)

    assert told(ADA, "administrator") == "+service"
    assert told(ADA, "registrar") == "-no-role"
    assert told(OKAFOR, "administrator") == "-no-role"
    assert told(ADA, "administrator", ADA, "administrator") == "-role-missing"


@row("transfer: of a team's care, by an administrator, to another team than their own")
def _(story: Story) -> None:
    care = story.care(team(PHARMACY))
    of_person = story.said[story.care(person(MOSS))].facts["care"]
    facts = {"care": story.said[care].facts["care"], "team": FAMILY, "next": FRESH_ID}

    def transfer(who: str = ADA, acting: str = "administrator", **more: Any) -> str:
        return answer(story, "care-transferred/1", who, acting, record=RECORD, **facts | more)

    assert transfer() == "+administrator"
    assert transfer(OKAFOR, "clinician") == transfer(AMINA, "patient") == "-role-missing"
    assert transfer(care=FRESH_ID) == transfer(care=of_person) == "-unknown-care"
    assert transfer(team=FRESH_ID) == "-unknown-team"
    assert transfer(team=PHARMACY) == "-same-team"
    assert transfer(next=facts["care"]) == "-already-said"
    story.join(ADA, FAMILY)
    assert transfer() == "-for-themselves"


@row("policy: an administrator; no topic is dropped, and the ages are in order")
def _(story: Story) -> None:
    facts = {"policy": FRESH_ID, "profiles": {}, "topics": dict.fromkeys(TOPICS, "R"), "ages": AGES}

    def configure(**more: Any) -> str:
        return answer(story, "policy-set/2", ADA, "administrator", **facts | more)

    assert configure() == configure(topics=dict.fromkeys((*TOPICS, "bereavement"), "PSY")) == "+administrator"
    assert configure(topics=dict.fromkeys(TOPICS[1:], "R")) == "-topic-dropped"
    profile = {"kinds": ["note"], "topics": ["bereavement"]}
    assert configure(profiles={"chaplaincy": profile}) == "-unknown-topic"
    for ages in ({"review": 17}, {"review": 0}, {"refusal": 15}, {"refusal": 31}, {"ends": 19, "refusal": 20}):
        assert configure(ages=AGES | ages) == "-ages-out-of-order"


@row("an auditor opens the topics of an item within their own case, with a reason")
def _(story: Story) -> None:
    note = story.item("note")
    mine, elsewhere = story.case(record=RECORD), story.case(record=named("another record"))

    def opening(who: str = RUTH, acting: str = "auditor", **more: Any) -> str:
        facts = {"case": mine, "auditor": RUTH, "record": RECORD, "item": note} | more
        return answer(story, "topics-opened/1", who, acting, **facts)

    assert opening() == "+audit"
    assert opening(GRETA, "guardian") == opening(auditor=GRETA) == "-role-missing"
    assert opening(case=elsewhere) == "-outside-case"
    assert opening(case=FRESH_ID) == "-no-case"
    assert opening(item=FRESH_ID) == "-unknown-item"


@row("what has a successor can be read, and not said any more")
def _(story: Story) -> None:
    old = {
        "emergency-opened/1": {"record": RECORD, "emergency": FRESH_ID, "person": MOSS, "until": story.now + HOUR},
        "case-assigned/1": {"case": FRESH_ID, "auditor": RUTH, "record": RECORD, "person": None, **TERM},
        "policy-set/1": {"policy": FRESH_ID, "profiles": {}},
    }
    speakers = {"emergency-opened/1": (MOSS, "clinician")}
    for type_, facts in old.items():
        who, acting = speakers.get(type_, (ADA, "administrator"))
        assert answer(story, type_, who, acting, **facts) == "-superseded"


@row("the service's own person and keys are nobody else's to give or take")
def _(story: Story) -> None:
    role = {"person": SERVICE, "role": "clinician", **TERM}
    assert answer(story, "role-granted/1", ADA, "administrator", **role) == "-not-the-service"
    key = {"person": SAM, "kid": "kid"}
    assert answer(story, "key-enrolled/1", SAM, "carer", through={"custody": "service"}, **key) == "-not-the-service"
