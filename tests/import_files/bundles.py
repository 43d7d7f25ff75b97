"""Tiny FHIR R4 Bundles of our own, and the way from a Bundle to what is imported of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from api.import_files import ImportedFile, ImportedItem, read_file

Json = dict[str, Any]

AMINA = {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}
OKAFOR = {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"}
VISIT = {"reference": "urn:uuid:00000000-0000-4000-8000-000000000003"}
WHEN = "2021-03-04T10:15:30.123456+01:00"


def coded(display: str, code: str = "1", system: str = "http://snomed.info/sct") -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def entry(resource_type: str, **members: Any) -> Json:
    return {"resource": {"resourceType": resource_type, **members}}


def named(reference: Json, resource_type: str, **members: Any) -> Json:
    return {"fullUrl": reference["reference"], **entry(resource_type, **members)}


def base64_of(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def attached(text: str | bytes, content_type: str = "text/plain; charset=utf-8") -> Json:
    return {"contentType": content_type, "data": base64_of(text)}


def document(text: str = "Slept badly.", **members: Any) -> Json:
    standing = {"id": "doc", "status": "current", "type": coded("Progress note"), "subject": AMINA, "date": WHEN}
    return entry("DocumentReference", **{**standing, "content": [{"attachment": attached(text)}], **members})


def people() -> list[Json]:
    amina = {"name": [{"use": "maiden", "family": "Old"}, {"use": "official", "family": "Yusuf", "given": ["Amina"]}]}
    okafor = {"name": [{"family": "Okafor", "given": ["Chidi"], "prefix": ["Dr."]}]}
    visit = {"status": "finished", "type": [coded("Check up")], "subject": AMINA, "period": {"start": WHEN}}
    return [
        named(AMINA, "Patient", **amina),
        named(OKAFOR, "Practitioner", **okafor),
        named(VISIT, "Encounter", **visit, participant=[{"individual": OKAFOR}]),
    ]


def one_of_each() -> list[Json]:
    """A Bundle's entries with every resource type that becomes an item."""
    about: Json = {"subject": AMINA, "encounter": VISIT, "status": "final"}
    pressure = [
        {"code": coded("Systolic", "8480-6", "http://loinc.org"), "valueQuantity": {"value": 120, "unit": "mm[Hg]"}},
        {"code": coded("Diastolic", "8462-4", "http://loinc.org"), "valueQuantity": {"value": 80, "unit": "mm[Hg]"}},
    ]
    vital = [coded("Vital signs", "vital-signs", "http://terminology.hl7.org/CodeSystem/observation-category")]
    reason = [{"reference": "Condition/c"}]
    section = {"title": "History", "text": {"div": "<div><p>Well.</p></div>"}, "section": [{"title": "More"}]}
    return [
        *people(),
        document(context={"encounter": [VISIT]}, author=[OKAFOR]),
        entry("Composition", id="comp", title="Discharge letter", date=WHEN, section=[section], **about),
        entry("DiagnosticReport", id="r", code=coded("Lipid panel"), issued=WHEN, result=[{"reference": "x"}], **about),
        entry("Observation", id="o", code=coded("Blood pressure"), category=vital, component=pressure, **about),
        entry("Condition", id="c", code=coded("Asthma"), recordedDate=WHEN, onsetDateTime="2001", subject=AMINA),
        entry("MedicationRequest", id="m", medicationCodeableConcept=coded("Salbutamol"), authoredOn=WHEN,
              dosageInstruction=[{"text": "Two puffs", "asNeededBoolean": True}], reasonReference=reason, **about),
        entry("MedicationStatement", id="s", medicationReference={"display": "Aspirin"}, dateAsserted=WHEN, **about),
        entry("AllergyIntolerance", id="a", patient=AMINA, code=coded("Penicillin"), recordedDate=WHEN),
        entry("CarePlan", id="p", title="Breathing", created=WHEN, addresses=reason, **about),
        entry("Goal", id="g", description={"text": "Walk to the shop"}, startDate="2021-03", subject=AMINA),
        entry("Procedure", id="q", code=coded("Spirometry"), performedPeriod={"start": WHEN}, **about),
        entry("Immunization", id="i", patient=AMINA, vaccineCode=coded("Influenza"), occurrenceDateTime=WHEN),
    ]  # fmt: skip


def imported(folder: Path, entries: list[Json], kind: str = "transaction") -> ImportedFile:
    file = folder / "bundle.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}))
    return read_file(file)


def items(folder: Path, entries: list[Json]) -> tuple[ImportedItem, ...]:
    """Import the entries together with Amina, Dr Okafor and their visit; nothing may be wrong with them."""
    result = imported(folder, people() + entries)
    assert result.problems == ()
    (record,) = result.records
    return record.items


def only(folder: Path, resource: Json) -> ImportedItem:
    """Import one resource and return its item, leaving aside the note that the visit itself becomes."""
    (item,) = (item for item in items(folder, [resource]) if item.title != "Check up")
    return item


def problem_of(folder: Path, resource: Json) -> str:
    """Import one resource that must not land, and return why; Amina and her visit land all the same."""
    result = imported(folder, [*people(), resource])
    (problem,) = result.problems
    assert [item.title for item in result.records[0].items] == ["Check up"]
    return str(problem)
