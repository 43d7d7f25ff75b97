"""Everything that can be said: each statement type with the exact shape of its facts and words.

A type is permanent: its name is never reused and its shape never narrowed; what is new gets ``/2``, and what has a
successor can be read, but not said any more. Facts hold no free text; free text is in the words
(``docs/reference/format.md``, section 2).
"""

from collections.abc import Mapping
from typing import Any, Final

from ledger.core.errors import MalformedStatement
from ledger.core.identifiers import identifier
from ledger.core.shapes import (
    Check,
    day,
    flag,
    instant,
    list_of,
    mapping_of,
    members,
    name,
    one_of,
    optional,
    position,
    rule,
    tagged,
    text,
    uuid,
)
from ledger.core.statement_types import (
    AGES,
    CONDITION,
    GRANTEE,
    PART,
    PROFILE,
    SCOPE,
    StatementType,
    of_care,
    of_item,
    of_person,
    of_representation,
    of_sharing,
    of_team,
)
from ledger.core.terms import (
    ACTING_AS,
    AFTER_DEATH,
    AGREEMENTS,
    BASES,
    CARE_GROUNDS,
    CONCERNS,
    CONVERSATIONS,
    EMERGENCIES,
    GROUNDS,
    KEY_ENDS,
    KINDS,
    MATTERS,
    PURPOSES,
    ROLES,
    TERMS,
)

_REASON = members({"reason": text})
_TEXT = members({"text": text})
_PERIOD: Mapping[str, Check] = {"from": instant, "until": optional(instant)}
_DECIDED = members({"rule": rule, "evidence": list_of(position), "items": list_of(uuid)})

STATEMENT_TYPES: Final[Mapping[str, StatementType]] = {
    # people
    "person-registered/1": of_person({}, members({"name": text}, {"identifiers": list_of(identifier, at_most=8)})),
    "key-enrolled/1": of_person({"kid": text}, public="key"),
    "key-revoked/1": of_person({"kid": text, "reason": one_of(*KEY_ENDS)}, public="key"),
    "passkey-enrolled/1": of_person({"kid": text}, public="passkey"),
    "passkey-revoked/1": of_person({"kid": text, "reason": one_of(*KEY_ENDS)}, public="passkey"),
    # somebody who lost every key is let in again: by two of the staff, or by a code of their own
    "recovery-asked/1": of_person({"recovery": uuid, "ground": one_of("staff", "code")}),
    "recovery-approved/1": of_person({"recovery": uuid}),
    "role-granted/1": of_person({"role": one_of(*ROLES), **_PERIOD}),
    "role-approved/1": of_person({"role": one_of(*ROLES)}),
    "role-ended/1": of_person({"role": one_of(*ROLES)}),
    "team-formed/1": of_team({"profile": optional(name)}, members({"name": text})),
    "team-joined/1": of_team({"person": uuid, **_PERIOD}, None, "person"),
    "team-left/1": of_team({"person": uuid}, None, "person"),
    # a record and who is around it
    "record-opened/1": of_care({"patient": uuid}),
    "care-started/1": of_care(
        {
            "care": uuid,
            "grantee": tagged("kind", person={"id": uuid}, team={"id": uuid}),
            "ground": one_of(*CARE_GROUNDS),
            **_PERIOD,
        }
    ),
    "care-ended/1": of_care({"care": uuid}),
    # a team hands its care to another, with the seals against it and the disputes that are open
    "care-transferred/1": of_care({"care": uuid, "team": uuid, "next": uuid}),
    "carer-named/1": of_care({"person": uuid}, members({"relation": text})),
    "carer-ended/1": of_care({"person": uuid}),
    # items
    "item-added/1": of_item(
        {
            "kind": one_of(*KINDS),
            "topics": list_of(name),
            "parent": optional(uuid),
            "concern": optional(one_of(*CONCERNS)),
            "due": optional(instant),
            "in_confidence": flag,
            "discussed": flag,
            "copy_given": flag,
            "imported": optional(name),
        },
        members({"title": optional(text), "text": text, "quote": optional(text), "data": optional(mapping_of(text))}),
    ),
    "item-amended/1": of_item({}, members({"text": text, "reason": optional(text)})),
    "item-marked-in-error/1": of_item({"wrong_record": flag}, _REASON),
    "item-topics-set/1": of_item({"topics": list_of(name)}, None),
    "agreement-stated/1": of_item({"agreement": one_of(*AGREEMENTS)}, members({"text": text}), required=False),
    "dispute-answered/1": of_item({"outcome": one_of("amended", "declined")}, _REASON),
    "dispute-reviewed/1": of_item({"outcome": one_of("upheld", "overturned")}, _REASON),
    "withholding-made/1": of_item(
        {
            "withholding": uuid,
            "from": one_of("patient", "carers", "screen"),
            "ground": one_of(*GROUNDS),
            "opinion_date": day,
            "review_date": day,
        },
        _REASON,
    ),
    "withholding-lifted/1": of_item({"withholding": uuid}, _REASON, required=False),
    "result-held/1": of_item({"until": instant}, _REASON),
    "result-released/1": of_item({}, None),
    # an advance statement is an item of kind "wishes", drafted by item-added/1
    "wish-signed/1": of_item({}, None),
    "wish-reviewed/1": of_item(
        {"outcome": one_of("confirmed", "to-be-changed")}, members({"text": text}), required=False
    ),
    "wish-withdrawn/1": of_item({}, members({"text": text}), required=False),
    # words erased: one asks, another erases; ``answers`` takes along what answers the item, since it quotes it
    "erasure-asked/1": of_item({"erasure": uuid, "basis": one_of(*BASES), "answers": flag}, _REASON),
    "content-erased/1": of_item({"erasure": uuid, "basis": one_of(*BASES)}, None, public="erased"),
    # a carer's confidence: a clinician asks leave to share it, the carer answers
    "leave-asked/1": of_item({}, _TEXT),
    "leave-answered/1": of_item({"outcome": one_of("given", "refused")}, None),
    # who may see what
    "directive-made/1": of_sharing(
        {
            "directive": uuid,
            "grantee": GRANTEE,
            "scope": SCOPE,
            "effect": one_of("share", "withhold"),
            "from": optional(instant),
            "until": optional(instant),
            "condition": optional(CONDITION),
            "replaces": optional(uuid),
            "hidden": flag,
        }
    ),
    "directive-withdrawn/1": of_sharing({"directive": uuid}),
    "results-wish-stated/1": of_sharing({"wish": one_of("at-once", "tell-me-first")}),
    "together-started/1": of_sharing({"together": uuid, "person": uuid, "until": instant}),
    "together-ended/1": of_sharing({"together": uuid}),
    "carer-suspended/1": of_sharing({"person": uuid}),
    "carer-restored/1": of_sharing({"person": uuid}),
    "sharing-stopped/1": of_sharing({}),
    "sharing-frozen/1": of_sharing({"person": uuid}),
    "sharing-unfrozen/1": of_sharing({"person": uuid}),
    "carer-conversation-held/1": of_sharing(
        {
            "conversation": uuid,
            "person": optional(uuid),
            "outcome": one_of(*CONVERSATIONS),
            "capacity": one_of("presumed", "has", "lacks"),
        },
        _TEXT,
        required=False,
    ),
    "emergency-opened/1": of_sharing({"emergency": uuid, "person": uuid, "until": instant}, _REASON),
    "emergency-opened/2": of_sharing(
        {"emergency": uuid, "person": uuid, "kind": one_of(*EMERGENCIES), "until": instant}, _REASON
    ),
    "emergency-item-opened/1": of_sharing({"emergency": uuid, "item": uuid}),
    "emergency-reviewed/1": of_sharing({"emergency": uuid, "outcome": one_of("justified", "not-justified")}, _REASON),
    "notice-delayed/1": of_sharing({"emergency": uuid, "until": instant}, _REASON),
    "access-questioned/1": of_sharing({"question": uuid, "disclosure": uuid, "viewer": uuid}, _TEXT),
    "access-answered/1": of_sharing({"question": uuid}, _TEXT),
    # who decides when the patient cannot, or is a child; and after death
    "capacity-assessed/1": of_representation(
        {
            "assessment": uuid,
            "matter": one_of(*MATTERS),
            "outcome": one_of("has", "lacks"),
            "relevant": list_of(PART),
            "from": instant,
            "until": instant,
        },
        _TEXT,
    ),
    "capacity-withdrawn/1": of_representation({"assessment": uuid}, _REASON),
    "power-registered/1": of_representation(
        {
            "power": uuid,
            "person": uuid,
            "kind": one_of("attorney", "deputy"),
            "matters": list_of(one_of(*MATTERS)),
            "terms": one_of(*TERMS),
            "holders": position,
            "registered_on": optional(day),
            **_PERIOD,
        }
    ),
    "power-exercised/1": of_representation({"power": uuid, "until": instant}),
    "power-ended/1": of_representation({"power": uuid, "person": uuid}),
    "birth-stated/1": of_representation({"born": day}),
    "parent-registered/1": of_representation({"parental": uuid, "person": uuid, **_PERIOD}),
    "parent-reviewed/1": of_representation({"parental": uuid, "scope": list_of(PART), "until": instant}, _REASON),
    "parent-ended/1": of_representation({"parental": uuid}),
    "best-interests-made/1": of_representation(
        {"best_interests": uuid, "assessment": uuid, "person": uuid, "scope": list_of(PART), "until": instant}, _REASON
    ),
    "best-interests-ended/1": of_representation({"best_interests": uuid}),
    "after-death-wish-stated/1": of_representation({"wish": one_of(*AFTER_DEATH)}),
    "death-recorded/1": of_representation({"died": day}),
    "death-retracted/1": of_representation({}, _REASON),
    "after-death-released/1": of_representation(
        {"release": uuid, "person": uuid, "scope": list_of(SCOPE), "until": instant}, _REASON
    ),
    # the trail
    "case-assigned/1": StatementType(
        members({"case": uuid, "auditor": uuid, "record": optional(uuid), "person": optional(uuid), **_PERIOD}),
        _REASON,
        "case",
        "case",
        ("auditor",),
    ),
    "case-assigned/2": StatementType(
        members(
            {
                "case": uuid,
                "auditor": uuid,
                "record": optional(uuid),
                "person": optional(uuid),
                "period": optional(members({"since": instant, "before": instant})),
                **_PERIOD,
            }
        ),
        _REASON,
        "case",
        "case",
        ("auditor",),
    ),
    "topics-opened/1": StatementType(
        members({"case": uuid, "auditor": uuid, "record": uuid, "item": uuid}), _REASON, "case", "case", ("auditor",)
    ),
    "case-closed/1": StatementType(members({"case": uuid, "auditor": uuid}), None, "case", "case", ("auditor",)),
    "disclosure-made/1": StatementType(
        members(
            {
                "disclosure": uuid,
                "record": uuid,
                "viewer": uuid,
                "acting_as": one_of(*ACTING_AS),
                "purpose": one_of(*PURPOSES),
                "via": one_of("screen", "export", "print", "preview", "search", "trail", "in-person"),
                "case": optional(uuid),
                "policy": position,
                "at": instant,
                "as_of": position,
                "valid_until": optional(instant),
                "refused": optional(rule),
                "permitted": list_of(_DECIDED),
            }
        ),
        None,
        "disclosure",
        "disclosure",
        (),
    ),
    "attempt-refused/1": StatementType(
        members(
            {
                "attempt": uuid,
                "person": uuid,
                "acting_as": one_of(*ACTING_AS),
                "record": optional(uuid),
                "type": text,
                "rule": rule,
            }
        ),
        None,
        "attempt",
        "attempt",
        (),
    ),
    "directory-read/1": StatementType(
        members(
            {
                "reading": uuid,
                "viewer": uuid,
                "acting_as": one_of("administrator", "registrar"),
                "people": list_of(uuid),
                "teams": list_of(uuid),
            }
        ),
        None,
        "reading",
        "reading",
        (),
    ),
    "policy-set/1": StatementType(
        members({"policy": uuid, "profiles": mapping_of(PROFILE)}), None, "policy", "policy", ("policy",)
    ),
    "policy-set/2": StatementType(
        members({"policy": uuid, "profiles": mapping_of(PROFILE), "topics": mapping_of(text), "ages": AGES}),
        None,
        "policy",
        "policy",
        ("policy",),
    ),
    # the log
    "log-continued/1": StatementType(members({"log": uuid}), None, "log", "log", (), public="continued"),
}


def check_said(statement_type: str, facts: Mapping[str, Any], words: Mapping[str, Any] | None) -> None:
    """Check the two bodies of a statement against the shape of its type.

    Raises MalformedStatement naming the first member that differs.
    """
    shape = STATEMENT_TYPES.get(statement_type)
    if shape is None:
        raise MalformedStatement("type", got=statement_type, wanted="one of " + ", ".join(STATEMENT_TYPES))
    shape.facts("facts", facts)
    if words is None:
        if shape.words is not None and shape.words_required:
            raise MalformedStatement("words", got=None, wanted="an object: this type is said in words")
    elif shape.words is None:
        raise MalformedStatement("words", got=sorted(words), wanted="null: this type has no words")
    else:
        shape.words("words", words)
