"""Everything that can be said: each statement type with the exact shape of its facts and words.

A type is permanent: its name is never reused and its shape never changes; what is new gets ``/2``.
Facts hold no free text; free text is in the words (``docs/reference/format.md``, section 2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.errors import MalformedStatement
from ledger.core.shapes import (
    Check,
    clock,
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

KINDS: Final = (
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
    "comment",
    "contribution",
    "experience",
)
TOPICS: Final = (
    "mental-health",
    "sexual-health",
    "reproductive",
    "substance-use",
    "domestic-abuse",
    "genetic",
    "social-care",
)
ACTING_AS: Final = (
    "patient",
    "clinician",
    "carer",
    "attorney",
    "parent",
    "auditor",
    "guardian",
    "administrator",
    "registrar",
    "service",
)
ROLES: Final = ("clinician", "administrator", "auditor", "guardian", "registrar")
CONCERNS: Final = ("comment", "reply", "dispute")
AGREEMENTS: Final = ("agree", "disagree", "not-discussed")
GROUNDS: Final = ("serious-harm", "third-party", "safeguarding", "carer-confidence", "agreed", "domestic-abuse")
CARE_GROUNDS: Final = ("registration", "referral", "appointment", "admission", "import")
BASES: Final = (
    "no-longer-necessary",
    "consent-withdrawn",
    "objection-upheld",
    "unlawfully-processed",
    "legal-obligation",
    "child-online-service",
    "retention-ended",
    "court-order",
)
"""Why words are erased: UK GDPR, Article 17(1)(a) to (f), in its order; the end of retention; an order of a court."""
PURPOSES: Final = ("appointment", "task", "own-record", "shared-with-me", "emergency", "audit", "correction", "import")

GRANTEE = tagged("kind", person={"id": uuid}, team={"id": uuid}, all_carers={})
SCOPE = tagged("kind", item={"of": uuid}, topic={"of": one_of(*TOPICS)}, kind={"of": one_of(*KINDS)}, everything={})
CONDITION = tagged(
    "kind",
    together={},
    hours={"zone": text, "days": list_of(position, at_most=7), "from": clock, "until": clock},
    when_unwell={},
)
PROFILE = members({"kinds": list_of(one_of(*KINDS)), "topics": list_of(one_of(*TOPICS))})


@dataclass(frozen=True, slots=True)
class StatementType:
    """The shape of one statement type.

    ``facts`` and ``words`` check a body; ``words`` is None where nothing can be said in words.
    ``stream`` names the facts member that identifies the aggregate, ``aggregate`` its kind.
    ``bears_on`` names the guard counters it bumps (``ledger.core.subjects``). ``public`` names what it says in
    clear (``ledger.core.public``).
    """

    facts: Check
    words: Check | None
    aggregate: str
    stream: str
    bears_on: tuple[str, ...]
    public: str | None = None
    words_required: bool = True


def _item(
    facts: Mapping[str, Check], words: Check | None, *, required: bool = True, public: str | None = None
) -> StatementType:
    shape = members({"record": uuid, "item": uuid, **facts})
    return StatementType(shape, words, "item", "item", ("content",), public=public, words_required=required)


def _sharing(facts: Mapping[str, Check], words: Check | None = None) -> StatementType:
    return StatementType(members({"record": uuid, **facts}), words, "sharing", "record", ("relations",))


def _care(facts: Mapping[str, Check], words: Check | None = None) -> StatementType:
    return StatementType(members({"record": uuid, **facts}), words, "care", "record", ("relations",))


def _person(facts: Mapping[str, Check], words: Check | None = None, *, public: str | None = None) -> StatementType:
    return StatementType(members({"person": uuid, **facts}), words, "person", "person", ("person",), public=public)


def _team(facts: Mapping[str, Check], words: Check | None = None, *also: str) -> StatementType:
    return StatementType(members({"team": uuid, **facts}), words, "team", "team", ("team", *also))


_REASON = members({"reason": text})
_PERIOD: Mapping[str, Check] = {"from": instant, "until": optional(instant)}
_DECIDED = members({"rule": rule, "evidence": list_of(position), "items": list_of(uuid)})

STATEMENT_TYPES: Final[Mapping[str, StatementType]] = {
    # people
    "person-registered/1": _person({}, members({"name": text})),
    "key-enrolled/1": _person({"kid": text}, public="key"),
    "key-revoked/1": _person({"kid": text, "reason": one_of("lost", "stolen", "left", "replaced")}, public="key"),
    "role-granted/1": _person({"role": one_of(*ROLES), **_PERIOD}),
    "role-approved/1": _person({"role": one_of(*ROLES)}),
    "role-ended/1": _person({"role": one_of(*ROLES)}),
    "team-formed/1": _team({"profile": optional(name)}, members({"name": text})),
    "team-joined/1": _team({"person": uuid, **_PERIOD}, None, "person"),
    "team-left/1": _team({"person": uuid}, None, "person"),
    # a record and who is around it
    "record-opened/1": _care({"patient": uuid}),
    "care-started/1": _care(
        {
            "care": uuid,
            "grantee": tagged("kind", person={"id": uuid}, team={"id": uuid}),
            "ground": one_of(*CARE_GROUNDS),
            **_PERIOD,
        }
    ),
    "care-ended/1": _care({"care": uuid}),
    "carer-named/1": _care({"person": uuid}, members({"relation": text})),
    "carer-ended/1": _care({"person": uuid}),
    # items
    "item-added/1": _item(
        {
            "kind": one_of(*KINDS),
            "topics": list_of(one_of(*TOPICS)),
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
    "item-amended/1": _item({}, members({"text": text, "reason": optional(text)})),
    "item-marked-in-error/1": _item({"wrong_record": flag}, _REASON),
    "item-topics-set/1": _item({"topics": list_of(one_of(*TOPICS))}, None),
    "agreement-stated/1": _item({"agreement": one_of(*AGREEMENTS)}, members({"text": text}), required=False),
    "dispute-answered/1": _item({"outcome": one_of("amended", "declined")}, _REASON),
    "dispute-reviewed/1": _item({"outcome": one_of("upheld", "overturned")}, _REASON),
    "withholding-made/1": _item(
        {
            "withholding": uuid,
            "from": one_of("patient", "carers", "screen"),
            "ground": one_of(*GROUNDS),
            "opinion_date": day,
            "review_date": day,
        },
        _REASON,
    ),
    "withholding-lifted/1": _item({"withholding": uuid}, _REASON, required=False),
    "result-held/1": _item({"until": instant}, _REASON),
    "result-released/1": _item({}, None),
    # an advance statement is an item of kind "wishes", drafted by item-added/1
    "wish-signed/1": _item({}, None),
    "wish-reviewed/1": _item(
        {"outcome": one_of("confirmed", "to-be-changed")}, members({"text": text}), required=False
    ),
    "wish-withdrawn/1": _item({}, members({"text": text}), required=False),
    # words erased: one asks, another erases; ``answers`` takes along what answers the item, since it quotes it
    "erasure-asked/1": _item({"erasure": uuid, "basis": one_of(*BASES), "answers": flag}, _REASON),
    "content-erased/1": _item({"erasure": uuid, "basis": one_of(*BASES)}, None, public="erased"),
    # who may see what
    "directive-made/1": _sharing(
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
    "directive-withdrawn/1": _sharing({"directive": uuid}),
    "results-wish-stated/1": _sharing({"wish": one_of("at-once", "tell-me-first")}),
    "together-started/1": _sharing({"together": uuid, "person": uuid, "until": instant}),
    "together-ended/1": _sharing({"together": uuid}),
    "carer-suspended/1": _sharing({"person": uuid}),
    "carer-restored/1": _sharing({"person": uuid}),
    "emergency-opened/1": _sharing({"emergency": uuid, "person": uuid, "until": instant}, _REASON),
    "emergency-item-opened/1": _sharing({"emergency": uuid, "item": uuid}),
    "emergency-reviewed/1": _sharing({"emergency": uuid, "outcome": one_of("justified", "not-justified")}, _REASON),
    # the trail
    "case-assigned/1": StatementType(
        members({"case": uuid, "auditor": uuid, "record": optional(uuid), "person": optional(uuid), **_PERIOD}),
        _REASON,
        "case",
        "case",
        ("auditor",),
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
    "policy-set/1": StatementType(
        members({"policy": uuid, "profiles": mapping_of(PROFILE)}), None, "policy", "policy", ("policy",)
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
