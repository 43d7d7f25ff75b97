"""A FHIR R4 Bundle as its resources point at each other: who is meant, where a document's text is, what is unique.

Source: https://hl7.org/fhir/R4/bundle.html#references. References are followed inside the file only; nothing is ever
fetched. A reference that two different resources answer to is treated as answered by none: a guess could put one
person's words into another's record.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from api.import_files.fhir_values import concept, human_name
from api.import_files.imported import ImportedPerson
from api.import_files.json_tree import Node
from api.import_files.problems import EntryProblem, quoted

GLOBAL_NAME = re.compile(r"urn:uuid:|urn:oid:|https?://")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PROFESSIONALS = ("Practitioner", "PractitionerRole")
NAMES = ("code", "vaccineCode", "medicationCodeableConcept", "description", "type")


@dataclass(frozen=True)
class Resource:
    """One entry's resource with its type and, if it has one, the name by which the whole world may know it."""

    node: Node
    type: str
    global_name: str | None

    def source_id(self, scope: str = "") -> str:
        """Name this resource the same way at every reading of the file.

        In order: its absolute `fullUrl`; its id, if that is a UUID; a business identifier with a system (for those
        who are not within a `scope`); a local id within the `scope`, usually the patient, since another system may
        have the same; a SHA-256 of its content.
        """
        if self.global_name:
            return self.global_name
        local_id = self.node.string("id")
        if scope and local_id:
            return f"{scope}/{self.type}/{local_id}"
        for system, value in () if scope else _identifiers(self.node):
            return f"{system}|{value}"
        return f"{scope}/{self.type}/sha256:{_content_hash(self.node)}".lstrip("/")


@dataclass(frozen=True)
class Bundle:
    """The resources of one Bundle in the file's order, with the index of what means which in a reference."""

    root: Node
    resources: tuple[Resource, ...]
    problems: tuple[EntryProblem, ...]
    index: Mapping[str, Resource | None]

    def resolve(self, reference: Node | None) -> Resource | None:
        """Follow a Reference inside the file; None if it points elsewhere, nowhere, or to more than one."""
        written = reference.string("reference") if reference else None
        if reference is None or written is None:
            return None
        if written.startswith("#"):
            return self._contained(reference, written[1:])
        return self.index.get(written.partition("/_history/")[0])

    def _contained(self, reference: Node, local_id: str) -> Resource | None:
        holder = next((r for r in self.resources if reference.pointer.startswith(f"{r.node.pointer}/")), None)
        for inner in holder.node.members("contained") if holder else ():
            if inner.string("id") == local_id:
                return Resource(inner, inner.required("resourceType"), None)
        return None

    def name_of(self, reference: Node) -> str:
        """Name what a Reference points to: its display, else the name of its target; empty if neither is there."""
        if display := reference.string("display"):
            return display.strip()
        target = self.resolve(reference)
        if target is None:
            return ""
        return next((said for name in NAMES for part in target.node.one_or_many(name) if (said := _words(part))), "")

    def attachment(self, attachment: Node) -> Node:
        """Return where the data of an Attachment is: in it, or in a Binary of the same file. Errors: `EntryProblem`."""
        if attachment.member("data") is not None:
            return attachment
        url = attachment.string("url")
        binary = self.index.get(url) if url else None
        if binary is None or binary.type != "Binary":
            got = f"a document kept elsewhere ({quoted(url)})" if url else "a document without data"
            raise attachment.wrong(
                got, "its data in the file", "Export it with its data: nothing is fetched on import."
            )
        return binary.node

    def patient_of(self, resource: Resource) -> Resource:
        """Return the patient a resource is about. Errors: `EntryProblem` if that is nobody in this file."""
        reference = resource.node.member("subject") or resource.node.member("patient")
        patient = self.resolve(reference)
        written = reference.string("reference") if reference else None
        is_contained = written is not None and written.startswith("#")  # R4: it has no identity outside its resource
        if reference is None or patient is None or patient.type != "Patient" or is_contained:
            got = quoted(written) if written else f"{resource.type} about nobody"
            wanted = "a reference to one Patient in the same file"
            raise (reference or resource.node).wrong(
                got, wanted, "Export the patient together with what is about them."
            )
        return patient


def read_bundle(root: Node) -> Bundle:
    """Read a Bundle's entries and index them. Entries that are no resource become its `problems`."""
    resources: list[Resource] = []
    problems: list[EntryProblem] = []
    index: dict[str, Resource | None] = {}
    for entry in root.members("entry"):
        try:
            resource = _resource(entry)
            names = set(_answers_to(entry, resource)) if resource else set()
        except EntryProblem as problem:
            problems.append(problem)
            continue
        if resource:
            resources.append(resource)
            for name in names:
                index[name] = _unless_ambiguous(index, name, resource)
    return Bundle(root, tuple(resources), tuple(problems), index)


def _unless_ambiguous(index: Mapping[str, Resource | None], name: str, resource: Resource) -> Resource | None:
    """Return the resource a name means, or None once two entries that differ answer to it."""
    known = index.get(name, resource)
    return known if known and known.node.value == resource.node.value else None


def _resource(entry: Node) -> Resource | None:
    """Read one entry; None for one without a resource, such as a deletion in a transaction."""
    node = entry.member("resource")
    if node is None:
        return None
    type_ = node.required("resourceType")
    full_url, local_id = entry.string("fullUrl") or "", node.string("id") or ""
    if GLOBAL_NAME.match(full_url):
        return Resource(node, type_, full_url)
    return Resource(node, type_, f"urn:uuid:{local_id.lower()}" if UUID.fullmatch(local_id) else None)


def _answers_to(entry: Node, resource: Resource) -> Iterator[str]:
    """Yield what a reference may say to mean this resource."""
    if full_url := entry.string("fullUrl"):
        yield full_url
    if local_id := resource.node.string("id"):
        yield f"{resource.type}/{local_id}"
    if resource.type in {"Patient", *PROFESSIONALS}:
        for system, value in _identifiers(resource.node):
            yield f"{resource.type}?identifier={system}|{value}"


def _identifiers(node: Node) -> Iterator[tuple[str, str]]:
    for identifier in node.one_or_many("identifier"):
        system, value = identifier.string("system"), identifier.string("value")
        if system and value:
            yield system, value


def _content_hash(node: Node) -> str:
    canonical = json.dumps(node.value, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _words(part: Node) -> str:
    """Put a member into words that is a CodeableConcept in some resources and a plain string in others."""
    return part.storable(part.value).strip() if isinstance(part.value, str) else concept(part)


def patient_person(patient: Resource) -> ImportedPerson:
    """Read a Patient as a person."""
    return ImportedPerson(patient.source_id(), human_name(patient.node) or "Unnamed patient (imported)", "patient")


def author_of(bundle: Bundle, references: list[Node], patient: ImportedPerson) -> ImportedPerson | None:
    """Find the author among the references that may name one, a person before an organisation; else None.

    A related person's or a device's words are attributed to nobody rather than to a professional.
    """
    people = (_person(bundle, reference, patient) for reference in references)
    organisations = (_organisation(bundle, reference, patient) for reference in references)
    return next((found for found in (*people, *organisations) if found), None)


def _person(bundle: Bundle, reference: Node, patient: ImportedPerson) -> ImportedPerson | None:
    target = bundle.resolve(reference)
    if target and target.type == "PractitionerRole":
        target = bundle.resolve(target.node.member("practitioner")) or target
    if target and target.type == "Practitioner" and (name := human_name(target.node)):
        return ImportedPerson(target.source_id(), name, "clinician")
    if target and target.type == "Patient":
        return patient if target.source_id() == patient.source_id else None
    if target and target.type not in PROFESSIONALS:
        return None
    return _displayed(reference, patient)


def _displayed(reference: Node, patient: ImportedPerson) -> ImportedPerson | None:
    """Read a professional who is only named in passing; unique within the patient, since two may share a name."""
    name, written = reference.string("display"), reference.string("reference") or "Practitioner"
    if not name or not name.strip() or not written.startswith((*PROFESSIONALS, "urn:", "#")):
        return None
    return ImportedPerson(f"{patient.source_id}/author/{name.strip()}", name.strip(), "clinician")


def _organisation(bundle: Bundle, reference: Node, patient: ImportedPerson) -> ImportedPerson | None:
    target = bundle.resolve(reference)
    name = target.node.string("name") if target and target.type == "Organization" else None
    return ImportedPerson(target.source_id(), name, "clinician") if target and name else None
