"""A record as FHIR R4, made from the pages that its reader was shown, and from nothing else.

A Bundle of type ``collection``: the Patient; a Practitioner or RelatedPerson for each who speaks in it; a resource for
each item (``fhir_items``); a Communication for each agreement, answer and review; and, where the reader is given
proofs, a Provenance for each signed statement, with the JWS as its signature (``application/jose``). A statement under
a key in the service's custody is signed by a Device on behalf of its author.

What is kept from this reader leaves no trace here, a sealed item's mark neither. What a patient lets others see is not
in the view of a record, so there are no Consents: those are made from the view of sharing (``fhir_consent``). Every id
is that of the item or person, or derived from it (UUIDv5).
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

from ledger.verify.bundle_told import fhir_string
from projections.fhir_items import (
    SHAPES,
    Around,
    Item,
    Resource,
    amending_document,
    is_document,
    remark,
    resource_of,
)

_PRACTITIONERS: Final = frozenset({"clinician", "auditor", "guardian", "administrator", "registrar"})
_AUTHOR: Final = {"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "author"}
_AUTHORS_SIGNATURE: Final = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}


@dataclass(frozen=True, slots=True)
class Signature:
    """A signed statement about an item. ``held_by_service``: the key it was signed with is in the service's custody."""

    item: str
    type: str
    author: str
    acting_as: str
    made_at: str
    recorded_at: str
    jws: str
    held_by_service: bool


def fhir_of(pages: Sequence[Mapping[str, Any]], signatures: Sequence[Signature] = ()) -> Resource:
    """The Bundle of a record, from one or more pages of a view as JSON."""
    first = pages[0]
    writing = _Writing(first["record"], first["patient"])
    items = [item for page in pages for item in page["items"]]
    for item in items:
        writing.add_item(item, None)
    for signature in signatures:
        writing.add_signature(signature)
    resources = [*writing.people.values(), *writing.told, *writing.signed]
    entries = [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "timestamp": first["opened_at"], "entry": entries}
    return {name: _carried(value) for name, value in bundle.items()}


@dataclass(slots=True)
class _Writing:
    """A Bundle in the making: who speaks in it, what is told, what is signed."""

    record: str
    patient: Mapping[str, Any]
    people: dict[str, Resource] = field(default_factory=dict)
    told: list[Resource] = field(default_factory=list)
    signed: list[Resource] = field(default_factory=list)
    amended: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        name = self._meet("Patient", self.patient["id"], self.patient["name"])
        if numbers := self.patient.get("identifiers"):  # a carer's view has none
            self.people[name]["identifier"] = [dict(one) for one in numbers]

    def add_item(self, item: Item, parent: Item | None) -> None:
        """Add an item, its amendments, what was said of it, and everything under it."""
        around = self._around(item, parent)
        self.told.append(resource_of(item, around))
        if is_document(item):
            for n, amendment in enumerate(item["amendments"]):
                name = _name(item["id"], f"amendment/{n}")
                self.amended.setdefault(item["id"], []).append(name)
                self.told.append(amending_document(item, amendment, name, around))
        for name, said in _remarks(item):
            self._add_remark(item, name, said)
        for child in item["children"]:
            self.add_item(child, item)

    def add_signature(self, signature: Signature) -> None:
        """Add the Provenance of a statement: its target is the amendment that it makes, else the item."""
        author = self._refer({"id": signature.author, "acting_as": signature.acting_as, "name": None})
        waiting = self.amended.get(signature.item, [])
        target = waiting.pop(0) if signature.type == "item-amended/1" and waiting else signature.item
        self.signed.append(
            {
                "resourceType": "Provenance",
                "id": _name(signature.item, f"signature/{signature.jws}"),
                "target": [_reference(target)],
                "occurredDateTime": signature.made_at,
                "recorded": signature.recorded_at,
                "activity": {"coding": [{"code": signature.type}]},
                "agent": [{"type": {"coding": [_AUTHOR]}, "who": author}],
                "signature": [self._signature(signature, author)],
            }
        )

    def _signature(self, signature: Signature, author: Resource) -> Resource:
        who = {"who": author}
        if signature.held_by_service:
            who = {"who": self._service(), "onBehalfOf": author}
        jws = base64.b64encode(signature.jws.encode()).decode()
        kind = {"type": [_AUTHORS_SIGNATURE], "when": signature.made_at}
        return kind | who | {"sigFormat": "application/jose", "data": jws}

    def _add_remark(self, item: Item, name: str, said: Mapping[str, Any]) -> None:
        author = self._refer(said["author"])
        answers = SHAPES[item["kind"]] is SHAPES["comment"]
        around = Around(self._subject(), author, _reference(item["id"]), answers, self._refer)
        outcome = said.get("agreement") or said["outcome"]
        text = said.get("text") or said.get("reason")
        self.told.append(remark(_name(item["id"], name), outcome, text or outcome, said["made_at"], around))

    def _around(self, item: Item, parent: Item | None) -> Around:
        return Around(
            subject=self._subject(),
            author=self._refer(item["author"]),
            parent=None if parent is None else _reference(parent["id"]),
            answers_words=parent is not None and SHAPES[parent["kind"]] is SHAPES["comment"],
            refer=self._refer,
        )

    def _subject(self) -> Resource:
        return _reference(self.patient["id"])

    def _refer(self, author: Mapping[str, Any]) -> Resource:
        """A reference to whoever says something, as what they act as."""
        if author["id"] == self.patient["id"] and author["acting_as"] == "patient":
            return self._subject()
        kind = "Practitioner" if author["acting_as"] in _PRACTITIONERS else "RelatedPerson"
        if author["acting_as"] == "service":
            return self._service()
        # One person may be a professional and a relative too: two resources, each derived from who they are.
        return _reference(self._meet(kind, _name(author["id"], kind), author["name"], author["id"]))

    def _meet(self, kind: str, name: str, spoken: str | None, person: str | None = None) -> str:
        resource = self.people.setdefault(name, {"resourceType": kind, "id": name})
        if person is not None:
            resource["identifier"] = [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{person}"}]
        if spoken is not None:
            resource["name"] = [{"text": spoken}]
        if kind == "RelatedPerson":
            resource["patient"] = self._subject()
        return name

    def _service(self) -> Resource:
        name = _name(self.record, "service")
        self.people.setdefault(name, {"resourceType": "Device", "id": name, "status": "active"})
        return _reference(name)


def _carried(value: Any) -> Any:
    """A value with every text as FHIR can carry it; a document's data is whole in any case."""
    if isinstance(value, str):
        return fhir_string(value)
    if isinstance(value, dict):
        return {name: _carried(inner) for name, inner in value.items()}
    return [_carried(inner) for inner in value] if isinstance(value, list) else value


def _remarks(item: Item) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What was said of an item, each with a name that is its own."""
    for agreement in item.get("agreements", ()):
        yield f"agreement/{agreement['author']['id']}", agreement
    for member in ("answer", "review"):
        if (outcome := item.get(member)) is not None:
            yield member, outcome


def _reference(name: str) -> Resource:
    return {"reference": f"urn:uuid:{name}"}


def _name(within: str, what: str) -> str:
    return str(uuid5(UUID(within), what))
