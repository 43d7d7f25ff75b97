"""FHIR R4 Bundles: what a patient's file says, item by item.

Sources: https://hl7.org/fhir/R4/bundle.html and the resource types in `fhir_items`. Made for what Synthea and its kin
write (transactions with `urn:uuid:` references) and for collections, documents and search results of other systems.

- A resource lands as one item, is counted in `left_out` with the reason, or is an `EntryProblem`: never silently
  gone.
- What is entered in error stays where it is. What is labelled NOPAT ("not to the patient") is a problem: imported
  here the patient would read it, so a clinician has to state it with a ground.
- The author is who the resource names, else who led its encounter, else its organisation, else "Unknown author
  (imported)".
- The date is the resource's own, else that of its encounter; a year or a day alone begins at midnight UTC.
- Where a DocumentReference and a DiagnosticReport carry one text of one day, the DocumentReference lands. An
  Encounter lands only if no document tells what happened there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from api.import_files.fhir_bundle import Bundle, Resource, author_of, patient_person, read_bundle
from api.import_files.fhir_items import MEDICINE, NO_PLACE, SHAPES, Shape
from api.import_files.fhir_values import codings_within, concept, first_coding, instant_of, narrative, value_in_words
from api.import_files.imported import UNKNOWN_AUTHOR, ImportedFile, ImportedItem, ImportedPerson, ImportedRecord
from api.import_files.json_tree import Node
from api.import_files.problems import EntryProblem, FileProblem, quoted
from api.import_files.topics import ACT_CODE, Coding, topics_of

SOURCE = "fhir-r4"
BUNDLE_TYPES = {"transaction", "batch", "collection", "document", "searchset"}
DOCUMENTS = ("DocumentReference", "Composition")
ORDER = {"Patient": -1, "DiagnosticReport": 1, "Encounter": 2}  # the last two after what may have told their story
POINTS_TO = ("reasonReference", "addresses", "result", "medicationReference", "goal")
NOT_TO_THE_PATIENT = Coding(ACT_CODE, "NOPAT")


def looks_like(root: Node) -> bool:
    """Tell FHIR from other JSON by the member that every resource has."""
    return isinstance(root.value, dict) and "resourceType" in root.value


def read(root: Node) -> ImportedFile:
    """Read one Bundle into a record for each of its patients.

    Errors: `FileProblem` if it is no Bundle of these types.
    """
    type_ = root.string("resourceType")
    kind = root.string("type") if type_ == "Bundle" else None  # other resources keep other shapes under this name
    if kind not in BUNDLE_TYPES:
        got = f"a Bundle of type {quoted(kind)}" if type_ == "Bundle" else f"a single {quoted(type_)}"
        wanted = f"a Bundle of type {', '.join(sorted(BUNDLE_TYPES))}"
        raise FileProblem(root.file, "", got, wanted, "Export the patient's record as one Bundle.")
    return _BundleReading(read_bundle(root)).read()


class _BundleReading:
    """The running account of one Bundle: what has landed, what was left out, what went wrong."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.people: dict[str, ImportedPerson] = {}
        self.items: dict[str, tuple[ImportedPerson, ImportedItem]] = {}
        self.left_out: Counter[str] = Counter()
        self.problems: list[EntryProblem] = list(bundle.problems)
        self.told_encounters: set[str] = set()
        self.told_texts: set[tuple[str, date, str]] = set()

    def read(self) -> ImportedFile:
        resources = sorted(self.bundle.resources, key=lambda resource: ORDER.get(resource.type, 0))
        for resource in resources:
            try:
                self._land(resource)
            except EntryProblem as problem:
                self.problems.append(problem)
        return ImportedFile(self.bundle.root.file, tuple(self._records()), dict(self.left_out), tuple(self.problems))

    def _records(self) -> Iterator[ImportedRecord]:
        of_each: dict[str, list[ImportedItem]] = {source_id: [] for source_id in self.people}
        for person, item in self.items.values():
            of_each[person.source_id].append(item)
        for source_id, items in of_each.items():
            items.sort(key=lambda item: (item.made_at, item.source_id))
            yield ImportedRecord(SOURCE, self.people[source_id], tuple(items))

    def _land(self, resource: Resource) -> None:
        if resource.type == "Patient":
            self._meet(resource)
        elif reason := _no_place(resource):
            self.left_out[f"{resource.type}: {reason}"] += 1
        else:
            patient = patient_person(self.bundle.patient_of(resource))
            self._keep(resource, patient, _item(self.bundle, resource, patient))

    def _meet(self, resource: Resource) -> None:
        person = patient_person(resource)
        known = self.people.setdefault(person.source_id, person)
        if known is not person:
            self._repeated(resource, known == person, person.source_id)

    def _keep(self, resource: Resource, patient: ImportedPerson, item: ImportedItem) -> None:
        text = (patient.source_id, item.made_at.date(), item.text)
        if resource.type == "DiagnosticReport" and text in self.told_texts:
            self.left_out["DiagnosticReport: the same text as a document of that day"] += 1
        elif resource.type == "Encounter" and resource.node.pointer in self.told_encounters:
            self.left_out["Encounter: told by its document"] += 1
        elif self._is_new(resource, patient, item) and _tells_a_story(resource, item):
            self.told_texts.add(text)
            told = (self.bundle.resolve(reference) for reference in _encounters(resource.node))
            self.told_encounters.update(encounter.node.pointer for encounter in told if encounter)

    def _is_new(self, resource: Resource, patient: ImportedPerson, item: ImportedItem) -> bool:
        """Add the item unless its id is taken: by itself (counted), or by something else (a problem)."""
        known = self.items.setdefault(item.source_id, (patient, item))
        if known[1] is not item:
            self._repeated(resource, known == (patient, item), item.source_id)
        return known[1] is item

    def _repeated(self, resource: Resource, is_same: bool, source_id: str) -> None:
        if not is_same:
            raise resource.node.wrong(f"a second, different {resource.type} {quoted(source_id)}", "an id of its own")
        self.left_out[f"{resource.type}: a repeat of another entry"] += 1


def _tells_a_story(resource: Resource, item: ImportedItem) -> bool:
    """Tell a written document from a note made of codes."""
    return resource.type in DOCUMENTS or (resource.type == "DiagnosticReport" and item.kind == "note")


def _no_place(resource: Resource) -> str | None:
    """Say why a resource is no item here; None if it is one."""
    if resource.type not in SHAPES:
        return NO_PLACE.get(resource.type, "no place in a record yet")
    states = (resource.node.string("status"), _code(resource.node.member("verificationStatus")))
    return "entered in error" if "entered-in-error" in states else None


def _code(found: Node | None) -> str:
    coding = first_coding(found)
    return coding.code if coding else ""


def _item(bundle: Bundle, resource: Resource, patient: ImportedPerson) -> ImportedItem:
    node, shape = resource.node, SHAPES[resource.type]
    codings = {*codings_within(node.value), *_codings_pointed_to(bundle, node)}
    if NOT_TO_THE_PATIENT in codings:
        next_step = "Let a clinician add it here, with the ground on which it is withheld."
        raise node.wrong("a label that keeps it from the patient (NOPAT)", "what the patient may read", next_step)
    title = _title(bundle, node, shape)
    lines = [line for line in shape.text(bundle, node) if line] or [narrative(node)]
    text = "\n".join(line for line in lines if line) or title
    if text == shape.name:
        raise node.wrong(f"{resource.type} without words", "a code, a text or a value")
    kind = shape.kind(node)
    return ImportedItem(
        source_id=resource.source_id(patient.source_id),
        kind=kind,
        topics=topics_of((title, text), codings),
        made_at=_made_at(bundle, node, shape),
        author=_author(bundle, node, shape, patient),
        title=title,
        text=node.sized(title, text),
        structured=_measured(node) if resource.type == "Observation" else None,
    )


def _codings_pointed_to(bundle: Bundle, node: Node) -> Iterator[Coding]:
    """Yield the codes of what a resource rests on: the reason for a medicine tells as much as the medicine."""
    for member in POINTS_TO:
        for reference in node.one_or_many(member):
            if target := bundle.resolve(reference):
                yield from codings_within(target.node.value)


def _title(bundle: Bundle, node: Node, shape: Shape) -> str:
    for member in shape.title:
        for found in reversed(
            node.one_or_many(member)
        ):  # Synthea writes the general category first, the telling one last
            is_text = isinstance(found.value, str)
            is_reference = member == MEDICINE[1]
            said = node.string(member) if is_text else bundle.name_of(found) if is_reference else concept(found)
            if said and said.strip():
                return said.strip()
    return shape.name


def _encounters(node: Node) -> tuple[Node, ...]:
    context = node.member("context")  # where DocumentReference keeps it
    return (*node.one_or_many("encounter"), *(context.one_or_many("encounter") if context else ()))


def _made_at(bundle: Bundle, node: Node, shape: Shape) -> datetime:
    for member in shape.dates:
        found = node.member(member)
        if found is not None and (moment := instant_of(found)):
            return moment
    for reference in _encounters(node):
        encounter = bundle.resolve(reference)
        period = encounter.node.member("period") if encounter else None
        if period is not None and (moment := instant_of(period)):
            return moment
    raise node.wrong("no date", f"one of {', '.join(shape.dates)}", "State when it was said.")


def _author(bundle: Bundle, node: Node, shape: Shape, patient: ImportedPerson) -> ImportedPerson:
    references = [found for member in shape.authors for found in _references(node, member)]
    for reference in _encounters(node):
        if encounter := bundle.resolve(reference):
            references += _references(encounter.node, "participant")
    return author_of(bundle, references, patient) or UNKNOWN_AUTHOR


def _references(node: Node, member: str) -> Iterator[Node]:
    """Yield the references of a member that holds them directly, or as the `actor` or `individual` of its elements."""
    for found in node.one_or_many(member):
        yield found.member("actor") or found.member("individual") or found


def _measured(node: Node) -> dict[str, str]:
    """Return what can be charted of an Observation: its own value, and each component's by its code."""
    measured = _measure(node, "")
    for number, component in enumerate(node.members("component")):
        measured |= _measure(component, f"{_code(component.member('code')) or number}.")
    return measured


def _measure(part: Node, prefix: str) -> dict[str, str]:
    coding, value = first_coding(part.member("code")), part.member("valueQuantity")
    unit = (value.string("unit") or value.string("code")) if value else None
    amount = value.scalar("value") if value else None if part.member("valueSampledData") else value_in_words(part)
    known = {
        "system": coding.system if coding else "",
        "code": coding.code if coding else "",
        "value": amount,
        "unit": unit,
    }
    return {prefix + name: words for name, words in known.items() if words}
