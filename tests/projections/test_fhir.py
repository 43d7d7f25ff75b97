"""A record as FHIR R4: sound resources, nothing that was not shown, and our own importer reads the same items again."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.import_files import read_file
from api.import_files.imported import ImportedItem
from ledger.core.terms import ACTING_AS, KINDS
from ledger.verify.bundle_form import BundleError
from ledger.verify.bundle_told import check_fhir, fhir_string, parse_written, write_json
from projections.fhir import Signature, fhir_of
from projections.fhir_items import SHAPES, is_document
from projections.views.fields import as_json
from tests.bundle.scene import tell_everything
from tests.command_line.running import DATA
from tests.projections.fhir_r4 import REFERS, REQUIRED, faults
from tests.story import Story
from tests.thorough import times

PATIENT = "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"
OKAFOR = "5c1f2a8e-6e0c-4d57-8a53-0d3a54a3c0d1"
RECORD = "7d2f2a8e-6e0c-4d57-8a53-0d3a54a3c0d2"
IMPORTED = {"note", "letter", "result", "reading", "medicine", "allergy", "problem", "plan"}
"""Kinds that the importer knows: the first three rows of the table, and what stands in their place in R4."""

texts = st.text(min_size=1, max_size=60).filter(lambda text: text.strip() and "\0" not in text and _storable(text))
titles = texts.map(str.strip)


def spoken_by(*acting_as: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda role, name: {"id": PATIENT if role == "patient" else OKAFOR, "name": name, "acting_as": role},
        st.sampled_from(acting_as),
        st.none() | titles,
    )


authors = spoken_by("patient", "clinician", "carer", "attorney")
clinicians = spoken_by("clinician")
instants = st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1)).map(
    lambda at: at.isoformat(timespec="milliseconds") + "Z"
)
numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?", fullmatch=True)


def _storable(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False


def _item(draw: st.DrawFn, n: int, kind: str) -> dict[str, Any]:
    """An item as a patient's view has it."""
    measured = kind in ("result", "reading") and draw(st.booleans())
    amendments = draw(st.lists(st.tuples(texts, authors, instants), max_size=2))
    return {
        "id": f"00000000-0000-4000-8000-{n:012}",
        "kind": kind,
        "parent": None,
        "concern": None,
        "title": draw(st.none() | titles),
        "text": draw(texts),
        "data": {"value": draw(numbers), "unit": "mmol/l", "code": "15074-8"} if measured else None,
        "quote": None,
        "author": draw(clinicians if kind in ("working-note", "flag") else authors),
        "made_at": draw(instants),
        "recorded_at": "2091-01-01T00:00:00.000Z",
        "amendments": [
            {"text": text, "author": author, "made_at": at, "reason": None} for text, author, at in amendments
        ],
        "in_error": draw(st.none() | st.just({"reason": None})) if n % 5 == 0 else None,
        "wish": {"state": "signed", "withdrawn_at": None} if kind == "wishes" else None,
        "topics": draw(st.lists(st.sampled_from(["mental-health", "genetic", "social-care"]), max_size=2)),
        "children": [],
    }


@st.composite
def pages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Pages of a record with items of every kind, one comment under another."""
    items = [_item(draw, n, kind) for n, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), max_size=8)))]
    if items:
        comment = _item(draw, 900, "comment") | {"parent": items[0]["id"], "concern": "dispute", "quote": "a passage"}
        comment["children"] = [_item(draw, 901, "comment") | {"parent": comment["id"], "concern": "reply"}]
        items[0]["children"] = [comment]
    page = {"record": RECORD, "patient": {"id": PATIENT, "name": "Amina"}, "opened_at": "2091-01-01T00:00:00.000Z"}
    return [page | {"items": items}]


def resources(bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle["entry"]]


def references(value: Any, member: str = "") -> Iterator[tuple[str, str]]:
    """Every reference with the member that holds it."""
    if isinstance(value, Mapping):
        if "reference" in value:
            yield member, value["reference"]
        for name, inner in value.items():
            yield from references(inner, member if name == "target" else name)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner, member)


def check_sound(bundle: Mapping[str, Any]) -> None:
    """Each resource is sound by itself, has a name of its own, and every reference leads to one of the right type."""
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    assert [fault for resource in resources(bundle) for fault in faults(resource)] == []
    named = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert len(named) == len(bundle["entry"])
    assert all(entry["fullUrl"] == f"urn:uuid:{entry['resource']['id']}" for entry in bundle["entry"])
    for resource in resources(bundle):
        for member, target in references(resource):
            allowed = REFERS.get((resource["resourceType"], member), named.values())
            assert named[target] in allowed, (resource["resourceType"], member, named[target])


def test_every_kind_of_item_has_its_resource() -> None:
    assert SHAPES.keys() == set(KINDS)


@given(pages())
@settings(max_examples=times(50, 150), deadline=None)
def test_a_record_is_sound_fhir_and_says_nothing_but_what_was_shown(shown: list[dict[str, Any]]) -> None:
    bundle = fhir_of(shown)
    check_sound(bundle)
    check_fhir(parse_written(write_json(bundle), "fhir.json"), shown, [])
    if shown[0]["items"]:
        other = json.loads(json.dumps(bundle))
        other["entry"][-1]["resource"]["title"] = "What nobody said."
        with pytest.raises(BundleError, match="What nobody said"):
            check_fhir(other, shown, [])


@given(pages())
@settings(max_examples=times(50, 150), deadline=None)
def test_what_our_importer_reads_again_are_the_same_items(
    tmp_path_factory: pytest.TempPathFactory, shown: list[dict[str, Any]]
) -> None:
    file = tmp_path_factory.getbasetemp() / "again.json"
    file.write_bytes(write_json(fhir_of(shown)))
    read = read_file(file)
    assert not read.problems
    found = {item.source_id.removeprefix("urn:uuid:"): item for record in read.records for item in record.items}
    for item in shown[0]["items"]:
        if item["kind"] in IMPORTED:
            again = found.get(item["id"])
            assert (again is None) == bool(item["in_error"])
            if again is not None:
                check_same(item, again)
    assert _documents_read(found.values()) == _documents_shown(shown[0]["items"])


def check_same(item: Mapping[str, Any], again: ImportedItem) -> None:
    """The kind, the date, and the words whole; before them stands at most what FHIR has in members of its own."""
    assert again.kind == item["kind"]
    assert again.made_at == datetime.fromisoformat(item["made_at"])
    amendments = [] if is_document(item) else [amendment["text"] for amendment in item["amendments"]]
    words = "\n".join([item["text"], *amendments])
    words = words if is_document(item) else fhir_string(words)
    assert again.text.endswith(words)
    coded = again.text.removesuffix(words)
    label = fhir_string(item["title"] or item["kind"])
    value = " ".join([item["data"]["value"], item["data"]["unit"]]) if item["data"] else None
    known = {"Status: unknown\n", "Status: amended\n", "Clinical status: active\n"}
    known |= {f"{label}: {value}\n", f"{label}: {(value or '').partition(' ')[0]}\n"}
    assert "" in {coded, *(coded.replace(line, "", 1) for line in known)} or coded in {
        one + other for one in known for other in known
    }


def _documents_read(found: Any) -> Counter[tuple[str, str]]:
    return Counter((item.kind, item.text) for item in found if item.kind in ("note", "letter"))


def _documents_shown(items: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """Documents, and their amendments as documents of their own."""
    counted: Counter[tuple[str, str]] = Counter()
    for item in items:
        if is_document(item):
            kind = "letter" if item["kind"] == "letter" else "note"
            counted.update((kind, amendment["text"]) for amendment in item["amendments"])
            counted.update([] if item["in_error"] else [(kind, item["text"])])
    return counted


@pytest.mark.parametrize("acting_as", ACTING_AS)
def test_a_signed_statement_has_its_provenance_whoever_said_it(acting_as: str) -> None:
    item = {
        "id": "00000000-0000-4000-8000-000000000001", "kind": "note", "parent": None, "concern": None, "title": None,
        "text": "Well.", "data": None, "quote": None, "made_at": "2026-05-03T09:00:00.000Z", "amendments": [],
        "author": {"id": OKAFOR, "name": "Dr Okafor", "acting_as": "clinician"}, "in_error": None, "wish": None,
        "recorded_at": "2026-05-03T09:00:00.000Z", "children": [],
    }  # fmt: skip
    page = {"record": RECORD, "patient": {"id": PATIENT, "name": None}, "opened_at": "2026-05-03T09:00:00.000Z"}
    for held in (True, False):
        at = item["made_at"]
        signature = Signature(item["id"], "item-added/1", OKAFOR, acting_as, at, at, "e.y.J", held)
        bundle = fhir_of([page | {"items": [item]}], [signature])
        check_sound(bundle)
        [proof] = [one for one in resources(bundle) if one["resourceType"] == "Provenance"]
        [by] = proof["signature"]
        assert by["sigFormat"] == "application/jose"
        assert by.get("onBehalfOf", by["who"]) == proof["agent"][0]["who"]
        assert ("onBehalfOf" in by) == held


async def test_what_each_reader_is_shown_becomes_fhir_and_no_more(story: Story) -> None:
    told = await tell_everything(story)
    await story.share({"kind": "kind", "of": "letter"})
    today = datetime.now(UTC).date()
    await story.ledger.items.withhold(
        story.okafor, story.record, told["allergy"], kept_from="patient", ground="serious-harm",
        opinion=today, review=today + timedelta(days=90), reason="She would stop everything.",
    )  # fmt: skip
    views = [await story.patient_view(), await story.clinician_view(), await story.carer_view()]
    bundles = [fhir_of([as_json(view)]) for view in views]
    for view, bundle in zip(views, bundles, strict=True):
        check_sound(bundle)
        check_fhir(bundle, [as_json(view)], [])
    patient, clinician, carer = (json.dumps(bundle) for bundle in bundles)
    assert "Penicillin" in clinician
    assert "NOPAT" in clinician
    assert not [word for word in ("Penicillin", "NOPAT", "stop everything") if word in patient]
    assert Counter(resource["resourceType"] for resource in resources(bundles[2])) == {
        "Patient": 1, "Practitioner": 1, "DocumentReference": 1,
    }  # fmt: skip
    assert not [word for word in ("security", "how it was", "Asthma") if word in carer]


@pytest.mark.skipif(not (DATA / "hl7-r4-examples").is_dir(), reason="HL7's examples are not beside this checkout")
def test_the_rules_that_we_hold_it_to_are_those_of_hl7s_own_examples() -> None:
    examples = [json.loads(file.read_text()) for file in sorted((DATA / "hl7-r4-examples").glob("*.json"))]
    known = [example for example in examples if example["resourceType"] in REQUIRED]
    assert len(known) > 120
    assert {example["resourceType"] for example in known} >= {"Observation", "CarePlan", "Flag", "Provenance"}
    found = Counter(fault for example in known for fault in faults(example))
    assert not found
