"""What each kind of item is in FHIR R4 (https://hl7.org/fhir/R4): one row of ``SHAPES`` each.

Nothing is coded that was not said: a medicine whose state nobody stated has the status ``unknown``, and a code or a
unit stands there only where the item has it as measured data. The words are kept whole, as a document's text or a note.
An item in error is ``entered-in-error``; erased words are absent for the reason ``masked``.

An amendment of a document is a document of its own that appends to it; of anything else it is a further note.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.errors import MalformedStatement
from ledger.core.instants import format_instant, parse_instant

Resource = dict[str, Any]
"""A FHIR resource, or a part of one, as JSON."""
Item = Mapping[str, Any]
"""An item of a view, as the HTTP API gives it."""

ERROR: Final = "entered-in-error"
_LOINC: Final = "http://loinc.org"
_TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_PART: Final = re.compile(r"part-(.+)-(system|code|value|unit)")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_DOCUMENTS: Final = {"note": "34109-9", "letter": "51852-2", "wishes": "42348-3"}
"""LOINC: Note, Letter, Advance directives; other documents go by their kind's name alone."""
SENSITIVITY: Final = {
    "mental-health": "PSY",
    "sexual-health": "SEX",
    "substance-use": "ETH",
    "domestic-abuse": "SDV",
    "genetic": "GDIS",
}
"""HL7 v3 ActCode; a topic without a label of its own is restricted all the same."""


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around an item: references to its subject, its author and, where that is shown, what it answers."""

    subject: Resource
    author: Resource
    parent: Resource | None
    answers_words: bool
    """Whether what it answers is itself a Communication."""
    refer: Callable[[Mapping[str, Any]], Resource]
    """A reference to an author of the view."""


def resource_of(item: Item, around: Around) -> Resource:
    """The resource of one item."""
    resource = SHAPES[item["kind"]](item, around)
    security = list(_security(item))
    return resource | ({"meta": {"security": security}} if security else {})


def document(item: Item, around: Around) -> Resource:
    """A DocumentReference with its text inside."""
    wish = item["wish"] or {}
    resource = _document(item["id"], item["kind"], item, around.subject, around.author)
    resource["status"] = ERROR if item["in_error"] else "superseded" if wish.get("withdrawn_at") else "current"
    if wish:
        resource["docStatus"] = "preliminary" if wish["state"] == "draft" else "final"
    if item["title"]:
        resource["description"] = item["title"]
    if around.parent is not None:
        resource["context"] = {"related": [around.parent]}
    return resource


def amending_document(item: Item, amendment: Mapping[str, Any], name: str, around: Around) -> Resource:
    """The DocumentReference of an amendment; it appends to the document and leaves it as it is."""
    author = around.refer(amendment["author"])
    resource = _document(name, item["kind"], amendment, around.subject, author)
    target = {"reference": f"urn:uuid:{item['id']}"}
    return resource | {"status": "current", "relatesTo": [{"code": "appends", "target": target}]}


def is_document(item: Item) -> bool:
    """Whether an item is told as a document, and its amendments too."""
    return SHAPES[item["kind"]] is document


def _document(name: str, kind: str, said: Mapping[str, Any], subject: Resource, author: Resource) -> Resource:
    coded = [{"system": _LOINC, "code": _DOCUMENTS[kind]}] if kind in _DOCUMENTS else []
    return {
        "resourceType": "DocumentReference",
        "id": name,
        "status": "current",
        "type": {"text": kind} | ({"coding": coded} if coded else {}),
        "subject": subject,
        "date": said["made_at"],
        "author": [author],
        "content": [{"attachment": _attachment(said["text"])}],
    }


def _attachment(text: str | None) -> Resource:
    if text is None:
        return {"extension": [{"url": _ABSENT, "valueCode": "masked"}]}
    return {"contentType": "text/plain;charset=utf-8", "data": base64.b64encode(text.encode()).decode()}


def _observation(item: Item, around: Around) -> Resource:
    data = item["data"] or {}
    label = item["title"] or item["kind"]
    value = _value(data)
    resource: Resource = {
        "resourceType": "Observation",
        "id": item["id"],
        "status": ERROR if item["in_error"] else "amended" if item["amendments"] else "final",
        "code": _code(data) | {"text": label},
        "subject": around.subject,
        "effectiveDateTime": _measured_at(item),
        "issued": item["recorded_at"],
        "performer": [around.author],
    }
    if item["kind"] == "reading":
        resource["category"] = [{"coding": [{"system": f"{_TERMINOLOGY}/observation-category", "code": "survey"}]}]
    components = list(_components(data))
    resource |= value | ({"component": components} if components else {})
    # A text that begins by telling the value, as an imported one does, would tell it twice.
    told = f"{label}: {' '.join(filter(None, (data.get('value'), data.get('unit'))))}"
    return resource | _notes(item, around, without=told if value else None)


def _measured_at(item: Item) -> str:
    """When it was measured, where its data tell that (``at``, an instant); else when it was written."""
    at = (item["data"] or {}).get("at")
    try:
        return format_instant(parse_instant(at))
    except MalformedStatement:
        return str(item["made_at"])


def _code(data: Mapping[str, str]) -> Resource:
    coding = {name: data[name] for name in ("system", "code") if _is_code(data.get(name))}
    return {"coding": [coding]} if "code" in coding else {}


def _is_code(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"[!-~]+", text) is not None


def _value(data: Mapping[str, str]) -> Resource:
    """``valueQuantity`` where JSON can carry the number digit for digit, else ``valueString``."""
    amount, unit = data.get("value"), data.get("unit")
    if amount is None:
        return {}
    number = _number(amount)
    if number is None:
        return {"valueString": amount}
    return {"valueQuantity": {"value": number} | ({"unit": unit} if unit else {})}


def _number(text: str) -> float | int | None:
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text) if "." in text else int(text)
    return number if json.dumps(number) == text else None


def _components(data: Mapping[str, str]) -> Iterator[Resource]:
    """The parts of a panel, which the importer keeps as ``part-<code>-value`` and its like."""
    parts: dict[str, dict[str, str]] = {}
    for name, text in data.items():
        if found := _PART.fullmatch(name):
            parts.setdefault(found[1], {})[found[2]] = text
    for part in parts.values():
        if code := _code(part):
            yield {"code": code} | _value(part)


def _medicine(item: Item, around: Around) -> Resource:
    return {
        "resourceType": "MedicationStatement",
        "id": item["id"],
        "status": ERROR if item["in_error"] else "unknown",
        "medicationCodeableConcept": {"text": item["title"] or item["kind"]},
        "subject": around.subject,
        "dateAsserted": item["made_at"],
        "informationSource": around.author,
    } | _notes(item, around)


def _allergy(item: Item, around: Around) -> Resource:
    # R4, ait-1 and ait-2: a clinical status unless it is entered in error, and then none.
    name = ("verificationStatus", ERROR) if item["in_error"] else ("clinicalStatus", "active")
    system = "verification" if item["in_error"] else "clinical"
    return {
        "resourceType": "AllergyIntolerance",
        "id": item["id"],
        name[0]: {"coding": [{"system": f"{_TERMINOLOGY}/allergyintolerance-{system}", "code": name[1]}]},
        "code": {"text": item["title"] or item["kind"]},
        "patient": around.subject,
        "recordedDate": item["made_at"],
        "recorder": around.author,
    } | _notes(item, around)


def _condition(item: Item, around: Around) -> Resource:
    coding = {"system": f"{_TERMINOLOGY}/condition-ver-status", "code": ERROR}
    return {
        "resourceType": "Condition",
        "id": item["id"],
        **({"verificationStatus": {"coding": [coding]}} if item["in_error"] else {}),
        "code": {"text": item["title"] or item["kind"]},
        "subject": around.subject,
        "recordedDate": item["made_at"],
        "recorder": around.author,
    } | _notes(item, around)


def _care_plan(item: Item, around: Around) -> Resource:
    return {
        "resourceType": "CarePlan",
        "id": item["id"],
        "status": ERROR if item["in_error"] else "unknown",
        "intent": "plan",
        "category": [{"text": item["kind"]}],
        "title": item["title"] or item["kind"],
        "subject": around.subject,
        "created": item["made_at"],
        "author": around.author,
    } | _notes(item, around)


def _task(item: Item, around: Around) -> Resource:
    return {
        "resourceType": "Task",
        "id": item["id"],
        "status": ERROR if item["in_error"] else "requested",
        "intent": "proposal",
        "code": {"text": item["title"] or item["kind"]},
        "for": around.subject,
        "authoredOn": item["made_at"],
        "requester": around.author,
    } | _notes(item, around)


def _flag(item: Item, around: Around) -> Resource:
    return {
        "resourceType": "Flag",
        "id": item["id"],
        "status": ERROR if item["in_error"] else "active",
        "category": [{"coding": [{"system": f"{_TERMINOLOGY}/flag-category", "code": "safety"}]}],
        "code": {"text": item["text"] or item["title"] or item["kind"]},
        "subject": around.subject,
        "period": {"start": item["made_at"]},
        "author": around.author,
    }


def _working_note(item: Item, around: Around) -> Resource:
    return {
        "resourceType": "ClinicalImpression",
        "id": item["id"],
        "status": ERROR if item["in_error"] else "completed",
        **({"description": item["title"]} if item["title"] else {}),
        "subject": around.subject,
        "date": item["made_at"],
        "assessor": around.author,
    } | _notes(item, around)


def _communication(item: Item, around: Around) -> Resource:
    resource = remark(item["id"], item["concern"] or item["kind"], item["text"], item["made_at"], around)
    if item["in_error"]:
        resource["status"] = ERROR
    if item["quote"] or item["title"]:
        resource["topic"] = {"text": item["quote"] or item["title"]}
    notes = [_annotation(amendment, around) for amendment in item["amendments"]]
    return resource | ({"note": notes} if notes else {})


def remark(name: str, category: str, text: str | None, made_at: str, around: Around) -> Resource:
    """A Communication: a comment, a dispute, or what somebody says of an item."""
    resource = {
        "resourceType": "Communication",
        "id": name,
        "status": "completed",
        "category": [{"text": category}],
        "subject": around.subject,
        "sent": made_at,
        "sender": around.author,
    }
    if around.parent is not None:
        resource["about"] = [around.parent]
    if around.parent is not None and around.answers_words:
        resource["inResponseTo"] = [around.parent]
    return resource | ({"payload": [{"contentString": text}]} if text is not None else {})


def _notes(item: Item, around: Around, without: str | None = None) -> Resource:
    """The words as notes: the item's own, then its amendments, each with who said it and when."""
    text = item["text"]
    if without is not None and text is not None and f"{text}\n".startswith(f"{without}\n"):
        text = text[len(without) + 1 :]
    own = [{"authorReference": around.author, "time": item["made_at"], "text": text}] if text else []
    notes = [*own, *(_annotation(amendment, around) for amendment in item["amendments"])]
    return {"note": notes} if notes else {}


def _annotation(amendment: Mapping[str, Any], around: Around) -> Resource:
    said = {"authorReference": around.refer(amendment["author"]), "time": amendment["made_at"]}
    if amendment["text"] is None:
        return said | {"_text": {"extension": [{"url": _ABSENT, "valueCode": "masked"}]}}
    return said | {"text": amendment["text"]}


def _security(item: Item) -> Iterator[Resource]:
    """Labels of what is sensitive and, in a clinician's file, of what is kept from the patient."""
    topics, kept = item.get("topics", ()), item.get("withholdings", ())
    for topic in topics:
        if label := SENSITIVITY.get(topic):
            yield {"system": f"{_TERMINOLOGY}/v3-ActCode", "code": label}
    if any(withholding["kept_from"] == "patient" for withholding in kept):
        yield {"system": f"{_TERMINOLOGY}/v3-ActCode", "code": "NOPAT"}
    if topics or kept or item["kind"] in ("working-note", "flag"):
        yield {"system": f"{_TERMINOLOGY}/v3-Confidentiality", "code": "R"}


SHAPES: Final[Mapping[str, Callable[[Item, Around], Resource]]] = {
    "note": document,
    "letter": document,
    "result": _observation,
    "reading": _observation,
    "medicine": _medicine,
    "allergy": _allergy,
    "problem": _condition,
    "plan": _care_plan,
    "plan-for-carers": _care_plan,
    "wishes": document,
    "decision": document,
    "recommendation": _task,
    "information": _communication,
    "working-note": _working_note,
    "flag": _flag,
    "comment": _communication,
    "contribution": document,
    "experience": document,
}
"""By kind of item (``ledger.core.vocabulary``); a test holds the table to it."""
