"""What each FHIR R4 resource becomes in the record: one row of `SHAPES` each.

A row says the kind of the item, where its title, date and author stand, and what its text says. A resource without a
row has no place in the record; `NO_PLACE` gives the reason for those commonly met.

Decisions, where R4 leaves room:

- An Observation in category vital-signs, survey, social-history or activity is a reading: it was measured on or asked
  of the person. Any other (laboratory, imaging, procedure, exam, none) is a result.
- Components (systolic and diastolic) stay one item: nobody would share half a blood pressure.
- A DiagnosticReport names the Observations it rests on and does not repeat their values: each is an item of its own,
  to be shared or withheld by itself.
- Procedure, Immunization and Encounter are notes: what was done, and that somebody was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from api.import_files.fhir_bundle import Bundle
from api.import_files.fhir_values import (
    attachment_text,
    concept,
    concepts,
    first_coding,
    narrative,
    quantity,
    value_in_words,
)
from api.import_files.imported import Kind
from api.import_files.json_tree import Node
from api.import_files.problems import EntryProblem

READINGS = {"vital-signs", "survey", "social-history", "activity"}
LETTERS = {"18842-5", "51852-2", "57133-1", "34133-9"}  # LOINC: discharge summary, letter, referral, summary of episode
LETTER_WORDS = ("letter", "discharge", "referral", "correspondence")
CLINICAL_NOTES = {"34117-2", "11488-4", "11506-3", "51847-2"}  # LOINC: H&P, consult, progress, evaluation and plan

NO_PLACE = {
    "Claim": "billing",
    "ExplanationOfBenefit": "billing",
    "Coverage": "billing",
    "Organization": "an organisation, not a statement",
    "Location": "a place, not a statement",
    "Practitioner": "a professional: becomes the author of their items",
    "PractitionerRole": "a professional: becomes the author of their items",
    "CareTeam": "a care relationship: to be stated by an administrator",
    "Provenance": "proof of another system, not of this one",
    "Binary": "read where a document points to it",
    "Medication": "read where a medicine points to it",
    "Flag": "a flag: to be raised by a clinician, with a ground",
    "ClinicalImpression": "a working note: stays in the system where it was made",
    "Consent": "a directive: to be made by the patient, here",
}


@dataclass(frozen=True)
class Shape:
    """How to read one resource type. Each `dates` and `authors` is a member, tried in order."""

    kind: Callable[[Node], Kind]
    name: str
    title: tuple[str, ...]
    dates: tuple[str, ...]
    authors: tuple[str, ...]
    text: Callable[[Bundle, Node], Iterator[str]]


def _always(kind: Kind) -> Callable[[Node], Kind]:
    return lambda _resource: kind


def _category_codes(resource: Node) -> set[str]:
    codings = (coding for category in resource.one_or_many("category") for coding in category.members("coding"))
    return {code for coding in codings if (code := coding.string("code"))}


def _document_kind(resource: Node) -> Kind:
    coding = first_coding(resource.member("type"))
    title = resource.string("title") or ""
    words = f"{concept(resource.member('type'))} {title}".lower()
    is_letter = (coding is not None and coding.code in LETTERS) or any(word in words for word in LETTER_WORDS)
    return "letter" if is_letter else "note"


def _observation_kind(resource: Node) -> Kind:
    return "reading" if _category_codes(resource) & READINGS else "result"


def _report_kind(resource: Node) -> Kind:
    coding = first_coding(resource.member("code"))
    codes = _category_codes(resource) | ({coding.code} if coding else set())
    return "note" if codes & CLINICAL_NOTES else "result"


def _said(label: str, words: str | None) -> Iterator[str]:
    if words and words.strip():
        yield f"{label}: {words.strip()}"


def _notes(resource: Node, name: str = "note") -> Iterator[str]:
    for note in resource.one_or_many(name):
        if text := note.string("text"):
            yield text


def _named(bundle: Bundle, resource: Node, name: str) -> str:
    """Name what a member's references point to: their display, else the title of the resource in the same file."""
    named = (bundle.name_of(reference) for reference in resource.one_or_many(name))
    return ", ".join(name for name in named if name)


def _states(resource: Node) -> Iterator[str]:
    for label, member in (("Clinical status", "clinicalStatus"), ("Verification", "verificationStatus")):
        yield from _said(label, concept(resource.member(member)))


def _document(bundle: Bundle, resource: Node) -> Iterator[str]:
    """Read the first content that is text: R4 has several contents for one document in several formats."""
    contents = [found for content in resource.members("content") if (found := content.member("attachment"))]
    if not contents:
        raise resource.wrong("a document without content", "a text")
    yield from _said("Status", resource.string("status") if resource.string("status") != "current" else None)
    yield _first_readable(bundle, contents)


def _first_readable(bundle: Bundle, attachments: list[Node]) -> str:
    """Decode the first attachment that can be read. Errors: `EntryProblem`, that of the first, if none can."""
    problems: list[EntryProblem] = []
    for attachment in attachments:
        try:
            return attachment_text(bundle.attachment(attachment))
        except EntryProblem as problem:
            problems.append(problem)
    raise problems[0]


def _composition(_bundle: Bundle, resource: Node) -> Iterator[str]:
    """Read the sections in the order of the document, subsections after their section."""
    waiting = list(reversed(resource.members("section")))
    if not waiting:
        yield narrative(resource)
    while waiting:
        section = waiting.pop()
        yield "\n".join(part for part in (section.string("title"), narrative(section)) if part)
        waiting.extend(reversed(section.members("section")))


def _report(bundle: Bundle, resource: Node) -> Iterator[str]:
    yield from _said("Conclusion", resource.string("conclusion"))
    yield from _said("Conclusion", concepts(resource, "conclusionCode"))
    yield from _said("Results", _named(bundle, resource, "result"))
    absent = sum(bundle.resolve(reference) is None for reference in resource.members("result"))
    if absent:
        yield f"Results that are not in the imported file: {absent}"
    if forms := list(resource.members("presentedForm")):
        yield _first_readable(bundle, forms)


def _observation(bundle: Bundle, resource: Node) -> Iterator[str]:
    for part in (resource, *resource.members("component")):
        missing = concept(part.member("dataAbsentReason"))
        words = value_in_words(part) or (f"no value ({missing})" if missing else "")
        yield from _said(concept(part.member("code")) or "Value", words)
        yield from _said("Interpretation", concepts(part, "interpretation"))
    yield from _said("Members", _named(bundle, resource, "hasMember"))
    for reference_range in resource.members("referenceRange"):
        ends = [quantity(end) for end in (reference_range.member("low"), reference_range.member("high")) if end]
        yield from _said("Reference range", reference_range.string("text") or " to ".join(ends))
    yield from _said("Status", resource.string("status") if resource.string("status") != "final" else None)
    yield from _notes(resource)


def _condition(_bundle: Bundle, resource: Node) -> Iterator[str]:
    yield from _states(resource)
    yield from _said("Severity", concept(resource.member("severity")))
    yield from _said("Site", concepts(resource, "bodySite"))
    yield from _said("Since", value_in_words(resource, "onset"))
    yield from _said("Until", value_in_words(resource, "abatement"))
    yield from _notes(resource)


def _medicine(bundle: Bundle, resource: Node) -> Iterator[str]:
    yield from _said("Status", resource.string("status"))
    for dosage in (*resource.members("dosageInstruction"), *resource.one_or_many("dosage")):
        yield from _dosage(dosage)
    yield from _said("Reason", concepts(resource, "reasonCode") or _named(bundle, resource, "reasonReference"))
    yield from _notes(resource)


def _dosage(dosage: Node) -> Iterator[str]:
    yield from _said("Directions", dosage.string("text") or dosage.string("patientInstruction"))
    for dose in dosage.members("doseAndRate"):
        yield from _said("Dose", value_in_words(dose, "dose"))
    timing = dosage.member("timing")
    repeat = timing.member("repeat") if timing else None
    if repeat is not None and repeat.scalar("frequency"):
        every = (repeat.scalar("period") or "1", repeat.string("periodUnit") or "")
        yield f"How often: {repeat.scalar('frequency')} in {' '.join(every).strip()}"
    yield from _said("As needed", value_in_words(dosage, "asNeeded"))
    yield from _said("Also", concepts(dosage, "additionalInstruction"))


def _allergy(_bundle: Bundle, resource: Node) -> Iterator[str]:
    yield from _states(resource)
    yield from _said("Criticality", resource.string("criticality"))
    for reaction in resource.members("reaction"):
        yield from _said("Reaction", concepts(reaction, "manifestation") or reaction.string("description"))
        yield from _said("Severity", reaction.string("severity"))
    yield from _notes(resource)


def _plan(bundle: Bundle, resource: Node) -> Iterator[str]:
    yield from _said("Status", resource.string("status"))
    yield from _said("About", resource.string("description"))
    yield from _said("For", _named(bundle, resource, "addresses"))
    yield from _said("Goal", _named(bundle, resource, "goal"))
    for activity in resource.members("activity"):
        detail = activity.member("detail")
        words = (concept(detail.member("code")) or detail.string("description")) if detail else None
        yield from _said("Activity", words or _named(bundle, activity, "reference"))
    yield from _notes(resource)


def _goal(bundle: Bundle, resource: Node) -> Iterator[str]:
    yield from _said("Goal", concept(resource.member("description")))
    yield from _said("Status", resource.string("lifecycleStatus"))
    yield from _said("How it goes", concept(resource.member("achievementStatus")))
    yield from _said("For", _named(bundle, resource, "addresses"))
    yield from _notes(resource)


def _done(bundle: Bundle, resource: Node) -> Iterator[str]:
    yield from _said("Status", resource.string("status"))
    yield from _said("Reason", concepts(resource, "reasonCode") or _named(bundle, resource, "reasonReference"))
    yield from _said("Outcome", concept(resource.member("outcome")))
    yield from _notes(resource)


RECORDER = ("recorder", "asserter")
MEDICINE = ("medicationCodeableConcept", "medicationReference")
WHEN_PERFORMED = ("performedDateTime", "performedPeriod")
WHEN_EFFECTIVE = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued")

SHAPES: Mapping[str, Shape] = {
    "DocumentReference": Shape(
        _document_kind, "Document", ("type",), ("date",), ("author", "authenticator"), _document
    ),
    "Composition": Shape(_document_kind, "Document", ("title", "type"), ("date",), ("author",), _composition),
    "DiagnosticReport": Shape(
        _report_kind, "Report", ("code",), WHEN_EFFECTIVE, ("resultsInterpreter", "performer"), _report
    ),
    "Observation": Shape(_observation_kind, "Observation", ("code",), WHEN_EFFECTIVE, ("performer",), _observation),
    "Condition": Shape(
        _always("problem"), "Problem", ("code",), ("recordedDate", "onsetDateTime", "onsetPeriod"), RECORDER, _condition
    ),
    "MedicationRequest": Shape(
        _always("medicine"), "Medicine", MEDICINE, ("authoredOn",), ("requester", "recorder"), _medicine
    ),
    "MedicationStatement": Shape(
        _always("medicine"), "Medicine", MEDICINE, ("dateAsserted", *WHEN_EFFECTIVE), ("informationSource",), _medicine
    ),
    "AllergyIntolerance": Shape(
        _always("allergy"), "Allergy", ("code",), ("recordedDate", "onsetDateTime", "onsetPeriod"), RECORDER, _allergy
    ),
    "CarePlan": Shape(
        _always("plan"), "Care plan", ("title", "category"), ("created", "period"), ("author", "contributor"), _plan
    ),
    "Goal": Shape(
        _always("plan"), "Goal", ("description",), ("startDate", "statusDate"), ("expressedBy",), _goal
    ),
    "Procedure": Shape(
        _always("note"), "Procedure", ("code",), WHEN_PERFORMED, ("performer", *RECORDER), _done
    ),
    "Immunization": Shape(
        _always("note"), "Immunisation", ("vaccineCode",), ("occurrenceDateTime", "recorded"), ("performer",), _done
    ),
    "Encounter": Shape(_always("note"), "Encounter", ("type",), ("period",), ("participant",), _done),
}  # fmt: skip
