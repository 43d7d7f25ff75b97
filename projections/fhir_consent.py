"""What a patient shares as FHIR R4: a Consent for each directive that counts, made from the view of sharing alone.

Each Consent denies at its root and permits what is shared (``provision.provision``); a directive that withholds denies
to whom it is about. What a program could overlook, and then let somebody see more, is a *modifier* extension, which
none may ignore: only together, only at some hours, only when unwell; that a kind or everything opens no sensitive
topic, and a topic nothing that has another one which is not shared. How directives come together (the nearest grantee,
the narrowest scope) FHIR cannot say: the policy rule names ours.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID, uuid5

from ledger.verify.bundle_told import fhir_string
from projections.fhir_items import SENSITIVITY, Resource

EXTENSIONS: Final = "urn:record-ledger:fhir"
"""Under which our extensions and codes are named."""
_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
_SCOPE: Final = {"coding": [{"system": f"{_TERMINOLOGY}/consentscope", "code": "patient-privacy"}]}
_CATEGORY: Final = {"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}
_RULE: Final = {"coding": [{"system": f"{EXTENSIONS}:policy", "code": "1"}], "text": "Disclosure rule, policy 1"}
_RECIPIENT: Final = {"coding": [{"system": f"{_TERMINOLOGY}/v3-ParticipationType", "code": "IRCP"}]}
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def consents_of(view: Mapping[str, Any]) -> Resource:
    """The Bundle of a patient's view of sharing, as JSON has it (``projections.views.sharing``)."""
    patient = _named("Patient", view["patient"]["id"], view["patient"]["name"])
    people = {resource["id"]: resource for one in view["directives"] for resource in _grantee(one, patient["id"])}
    consents = [_consent(one, patient["id"]) for one in view["directives"]]
    entries = [
        {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
        for resource in (patient, *people.values(), *consents)
    ]
    return {"resourceType": "Bundle", "type": "collection", "timestamp": view["opened_at"], "entry": entries}


def _grantee(directive: Mapping[str, Any], patient: str) -> Iterator[Resource]:
    """The resource of a person or a team; all carers are nobody by name."""
    grantee = directive["grantee"]
    if grantee["kind"] == "person":
        resource = _named("RelatedPerson", _person(grantee["id"]), grantee["name"])
        identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{grantee['id']}"}
        yield resource | {"identifier": [identifier], "patient": _reference(patient)}
    elif grantee["kind"] == "team":
        team = {"resourceType": "CareTeam", "id": grantee["id"], "status": "active", "subject": _reference(patient)}
        yield team | ({} if grantee["name"] is None else {"name": fhir_string(grantee["name"])})


def _consent(directive: Mapping[str, Any], patient: str) -> Resource:
    shares = directive["effect"] == "share"
    said = _provision(directive) | {"type": "permit" if shares else "deny"}
    root = {"type": "deny", "provision": [said]} if shares else said
    return {
        "resourceType": "Consent",
        "id": directive["id"],
        "status": "active",
        "scope": _SCOPE,
        "category": [_CATEGORY],
        "patient": _reference(patient),
        "dateTime": directive["made_at"],
        "policyRule": _RULE,
        "provision": root,
    }


def _provision(directive: Mapping[str, Any]) -> Resource:
    terms, modifiers = directive["terms"], list(_modifiers(directive))
    period = {"start": terms["from"], "end": terms["until"]}
    given = {name: at for name, at in period.items() if at is not None}
    return {
        **({"modifierExtension": modifiers} if modifiers else {}),
        **({"period": given} if given else {}),
        "actor": [{"role": _RECIPIENT, "reference": _actor(directive["grantee"])}],
        **_part(directive["scope"]),
    }


def _actor(grantee: Mapping[str, Any]) -> Resource:
    if grantee["kind"] == "all-carers":
        return {"type": "RelatedPerson", "display": "All carers of this patient"}
    return _reference(_person(grantee["id"]) if grantee["kind"] == "person" else grantee["id"])


def _part(scope: Mapping[str, Any]) -> Resource:
    """An item by its instance, a topic by its label, a kind by a code of ours: no wider code stands for one of them."""
    if scope["kind"] == "item":
        return {"data": [{"meaning": "instance", "reference": _reference(scope["of"])}]}
    if scope["kind"] == "topic":
        label = {"system": f"{_TERMINOLOGY}/v3-ActCode", "code": SENSITIVITY.get(scope["of"])}
        ours = {"system": f"{EXTENSIONS}:topic", "code": scope["of"]}
        return {"securityLabel": [label if label["code"] is not None else ours]}
    if scope["kind"] == "kind":
        return {"code": [{"coding": [{"system": f"{EXTENSIONS}:kind", "code": scope["of"]}], "text": scope["of"]}]}
    return {}


def _modifiers(directive: Mapping[str, Any]) -> Iterator[Resource]:
    shares, scope, condition = directive["effect"] == "share", directive["scope"], directive["terms"]["condition"]
    if shares and scope["kind"] in ("kind", "everything"):
        yield {"url": f"{EXTENSIONS}:without-sensitive-topics", "valueBoolean": True}
    if shares and scope["kind"] == "topic":
        yield {"url": f"{EXTENSIONS}:only-if-every-topic-is-shared", "valueBoolean": True}
    if condition is not None and condition["kind"] == "hours":
        yield {"url": f"{EXTENSIONS}:only-during", "extension": list(_hours(condition))}
    elif condition is not None:
        yield {"url": f"{EXTENSIONS}:only-{condition['kind']}", "valueBoolean": True}


def _hours(condition: Mapping[str, Any]) -> Iterator[Resource]:
    """On which days (the codes of FHIR's days of the week), from when until when, by the clock of which zone."""
    yield {"url": "zone", "valueString": fhir_string(condition["zone"])}
    for day in condition["days"]:
        yield {"url": "day", "valueCode": _DAYS[day - 1]}
    yield {"url": "from", "valueTime": f"{condition['from']}:00"}
    yield {"url": "until", "valueTime": f"{condition['until']}:00"}


def _named(kind: str, name: str, spoken: str | None) -> Resource:
    resource = {"resourceType": kind, "id": name}
    return resource if spoken is None else resource | {"name": [{"text": fhir_string(spoken)}]}


def _person(person: str) -> str:
    """The id of a grantee's resource: the one that the record as FHIR gives them (``projections.fhir``)."""
    return str(uuid5(UUID(person), "RelatedPerson"))


def _reference(name: str) -> Resource:
    return {"reference": f"urn:uuid:{name}"}
