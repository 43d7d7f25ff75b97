"""What HL7 FHIR R4 asks of the resources that an export has, copied from its pages by hand (https://hl7.org/fhir/R4).

Not a validator: required members, the value sets of bound codes, the invariants that concern an export, and which types
a reference may have. ``tests/projections/test_fhir.py`` holds it to HL7's own examples.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

ERROR = "entered-in-error"
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Patient": (),
    "Practitioner": (),
    "RelatedPerson": ("patient",),
    "Device": (),
    "DocumentReference": ("status", "content"),
    "Observation": ("status", "code"),
    "MedicationStatement": ("status", "medicationCodeableConcept", "subject"),
    "AllergyIntolerance": ("patient",),
    "Condition": ("subject",),
    "CarePlan": ("status", "intent", "subject"),
    "Task": ("status", "intent"),
    "Flag": ("status", "code", "subject"),
    "ClinicalImpression": ("status", "subject"),
    "Communication": ("status",),
    "Provenance": ("target", "recorded", "agent"),
    "CareTeam": (),
    "Consent": ("status", "scope", "category"),
}
"""Members with a lower bound of 1, where the choice of type is the one that an export makes."""

STATUS: Mapping[str, frozenset[str]] = {
    "Device": frozenset({"active", "inactive", ERROR, "unknown"}),
    "DocumentReference": frozenset({"current", "superseded", ERROR}),
    "Observation": frozenset(
        {"registered", "preliminary", "final", "amended", "corrected", "cancelled", ERROR, "unknown"}
    ),
    "MedicationStatement": frozenset(
        {"active", "completed", ERROR, "intended", "stopped", "on-hold", "unknown", "not-taken"}
    ),
    "CarePlan": frozenset({"draft", "active", "on-hold", "revoked", "completed", ERROR, "unknown"}),
    "CareTeam": frozenset({"proposed", "active", "suspended", "inactive", ERROR}),
    "Consent": frozenset({"draft", "proposed", "active", "rejected", "inactive", ERROR}),
    "Task": frozenset(
        {
            "draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress", "on-hold",
            "failed", "completed", ERROR,
        }
    ),
    "Flag": frozenset({"active", "inactive", ERROR}),
    "ClinicalImpression": frozenset({"in-progress", "completed", ERROR}),
    "Communication": frozenset(
        {"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", ERROR, "unknown"}
    ),
}  # fmt: skip
"""Required bindings of ``status``."""

CODES: Mapping[tuple[str, str], frozenset[str]] = {
    ("DocumentReference", "docStatus"): frozenset({"preliminary", "final", "amended", ERROR}),
    ("CarePlan", "intent"): frozenset({"proposal", "plan", "order", "option"}),
    ("Task", "intent"): frozenset(
        {"unknown", "proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order",
         "option"}
    ),
}  # fmt: skip
REFERS: Mapping[tuple[str, str], frozenset[str]] = {
    ("AllergyIntolerance", "recorder"): frozenset({"Practitioner", "PractitionerRole", "Patient", "RelatedPerson"}),
    ("Condition", "recorder"): frozenset({"Practitioner", "PractitionerRole", "Patient", "RelatedPerson"}),
    ("ClinicalImpression", "assessor"): frozenset({"Practitioner", "PractitionerRole"}),
    ("Communication", "inResponseTo"): frozenset({"Communication"}),
    ("RelatedPerson", "patient"): frozenset({"Patient"}),
    ("DocumentReference", "relatesTo"): frozenset({"DocumentReference"}),
}
_MEANINGS = frozenset({"instance", "related", "dependents", "authoredby"})
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
INSTANTS = frozenset({"recorded", "issued", "timestamp", "when"})


def faults(resource: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with one resource, in words."""
    kind = resource["resourceType"]
    yield from (f"{kind}: no {member}" for member in REQUIRED[kind] if not resource.get(member))
    status = resource.get("status")
    if status is not None and status not in STATUS.get(kind, {status}):
        yield f"{kind}: status {status}"
    for (of, member), codes in CODES.items():
        if kind == of and member in resource and resource[member] not in codes:
            yield f"{kind}: {member} {resource[member]}"
    if not ID.fullmatch(str(resource.get("id"))):
        yield f"{kind}: id {resource.get('id')}"
    yield from _invariants(kind, resource)
    yield from (f"{kind}: {fault}" for fault in _forms(resource))


def _invariants(kind: str, resource: Mapping[str, Any]) -> Iterator[str]:
    in_error = ERROR in str(resource.get("verificationStatus"))
    if kind == "AllergyIntolerance" and ("clinicalStatus" in resource) == in_error:
        yield "AllergyIntolerance: ait-1, ait-2"
    if kind == "Condition" and "clinicalStatus" in resource and in_error:
        yield "Condition: con-5"
    values = [member for member in resource if member.startswith("value")]
    if kind == "Observation" and (len(values) > 1 or (values and "dataAbsentReason" in resource)):
        yield "Observation: obs-6"
    if kind == "Consent":
        yield from _of_consent(resource)
    for content in resource.get("content", []) if kind == "DocumentReference" else []:
        if "data" in content["attachment"] and "contentType" not in content["attachment"]:
            yield "Attachment: att-1"


def _of_consent(resource: Mapping[str, Any]) -> Iterator[str]:
    """Consent: ppc-1 and ppc-2; of each provision its type, its actors and the meaning of its data."""
    if not resource.get("policy") and not resource.get("policyRule"):
        yield "Consent: ppc-1"
    privacy = any(one.get("code") == "patient-privacy" for one in resource["scope"].get("coding", []))
    if privacy and not resource.get("patient"):
        yield "Consent: ppc-2"
    waiting = [resource["provision"]] if "provision" in resource else []
    while waiting:
        provision = waiting.pop()
        waiting += provision.get("provision", [])
        if provision.get("type", "deny") not in ("deny", "permit"):
            yield f"Consent: provision.type {provision['type']}"
        if any(not {"role", "reference"} <= actor.keys() for actor in provision.get("actor", [])):
            yield "Consent: an actor without role or reference"
        if any(one.get("meaning") not in _MEANINGS or "reference" not in one for one in provision.get("data", [])):
            yield "Consent: data without meaning or reference"


def _forms(value: Any, member: str = "") -> Iterator[str]:
    """R4, JSON: no empty object, array or text, no null; instants whole; references to something."""
    if value in ({}, [], "") or value is None:
        yield f"{member} is empty"
    elif isinstance(value, Mapping):
        # A plan's activity has a member of this name too, which is itself a Reference.
        if "reference" in value and not isinstance(value["reference"], str | Mapping):
            yield f"{member}: reference {value['reference']}"
        for name, inner in value.items():
            yield from _forms(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _forms(inner, member)
    elif isinstance(value, str) and CONTROLS.search(value):
        yield f"{member}: a control character"
    elif member in INSTANTS and not INSTANT.fullmatch(str(value)):
        yield f"{member} {value}"
