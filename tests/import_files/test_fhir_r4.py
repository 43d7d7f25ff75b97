from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.import_files import UNKNOWN_AUTHOR, FileProblem, read_file
from tests.import_files.bundles import (
    AMINA,
    OKAFOR,
    VISIT,
    WHEN,
    attached,
    base64_of,
    coded,
    document,
    entry,
    imported,
    items,
    named,
    one_of_each,
    only,
    people,
    problem_of,
)

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def test_every_resource_that_says_something_clinical_becomes_one_item_of_its_kind(tmp_path: Path) -> None:
    result = imported(tmp_path, one_of_each())
    assert result.problems == ()
    (record,) = result.records
    assert {(item.kind, item.title) for item in record.items} == {
        ("note", "Progress note"),
        ("letter", "Discharge letter"),
        ("result", "Lipid panel"),
        ("reading", "Blood pressure"),
        ("problem", "Asthma"),
        ("medicine", "Salbutamol"),
        ("medicine", "Aspirin"),
        ("allergy", "Penicillin"),
        ("plan", "Breathing"),
        ("plan", "Walk to the shop"),
        ("note", "Spirometry"),
        ("note", "Influenza"),
    }
    assert result.left_out == {
        "Practitioner: a professional: becomes the author of their items": 1,
        "Encounter: told by its document": 1,
    }


def test_reading_the_same_bytes_again_under_another_name_gives_the_same_items(tmp_path: Path) -> None:
    first = imported(tmp_path, one_of_each())
    moved = tmp_path / "elsewhere.json"
    (tmp_path / "bundle.json").rename(moved)
    assert read_file(moved).records == first.records


def test_a_note_keeps_its_words_its_author_and_the_moment_it_was_written(tmp_path: Path) -> None:
    item = only(tmp_path, document("Slept badly.\r\nWas überhört.\n", author=[OKAFOR]))
    assert item.text == "Slept badly.\r\nWas überhört.\n"
    assert item.author.name == "Dr. Chidi Okafor"
    assert item.made_at == datetime(2021, 3, 4, 9, 15, 30, 123000, tzinfo=UTC)
    assert item.source_id == f"{AMINA['reference']}/DocumentReference/doc"


def test_a_blood_pressure_stays_one_item_and_its_numbers_stay_as_they_were_written(tmp_path: Path) -> None:
    (reading,) = (i for i in imported(tmp_path, one_of_each()).records[0].items if i.kind == "reading")
    assert reading.text == "Systolic: 120 mm[Hg]\nDiastolic: 80 mm[Hg]"
    assert reading.structured is not None
    assert reading.structured["8480-6.value"] == "120"
    assert reading.structured["8462-4.unit"] == "mm[Hg]"


@pytest.mark.parametrize("digits", ["185.8289545670521", "0.10", "-3", "12345678901234567890.5"])
def test_no_digit_of_a_result_is_rounded(tmp_path: Path, digits: str) -> None:
    observation = entry("Observation", id="o", subject=AMINA, issued=WHEN, code=coded("Height", "8302-2"))
    observation["resource"]["valueQuantity"] = {"value": "DIGITS", "unit": "cm"}
    text = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [*people(), observation]})
    (tmp_path / "b.json").write_text(text.replace('"DIGITS"', digits))
    (result,) = (item for item in read_file(tmp_path / "b.json").records[0].items if item.kind == "result")
    assert result.text == f"Height: {digits} cm"
    assert result.structured is not None
    assert result.structured["value"] == digits


def test_a_medicine_says_how_it_is_taken_and_why(tmp_path: Path) -> None:
    (medicine,) = (i for i in imported(tmp_path, one_of_each()).records[0].items if i.title == "Salbutamol")
    assert medicine.text == "Status: final\nDirections: Two puffs\nAs needed: yes\nReason: Asthma"


def test_the_reason_for_a_medicine_marks_it_with_the_topic_that_its_name_hides(tmp_path: Path) -> None:
    reason = entry("Condition", id="why", subject=AMINA, recordedDate=WHEN, code=coded("", "86406008"))
    medicine = entry("MedicationRequest", id="m", subject=AMINA, authoredOn=WHEN)
    medicine["resource"] |= {
        "medicationCodeableConcept": coded("Tablet"),
        "reasonReference": [{"reference": "Condition/why"}],
    }
    (found,) = (item for item in items(tmp_path, [reason, medicine]) if item.kind == "medicine")
    assert found.topics == ("sexual-health",)


def test_a_label_of_the_source_marks_an_item_whose_words_say_nothing(tmp_path: Path) -> None:
    label = {"security": [{"system": ACT_CODE, "code": "PSY"}]}
    assert only(tmp_path, document("See me.", meta=label)).topics == ("mental-health",)


def test_what_is_labelled_not_for_the_patient_is_not_imported_for_the_patient_to_read(tmp_path: Path) -> None:
    label = {"security": [{"system": ACT_CODE, "code": "NOPAT"}]}
    assert "keeps it from the patient" in problem_of(tmp_path, document(meta=label))


def test_a_report_names_its_results_without_repeating_their_values(tmp_path: Path) -> None:
    value = {"valueQuantity": {"value": 7, "unit": "mmol/l"}, "issued": WHEN}
    observation = entry("Observation", id="o", subject=AMINA, code=coded("Glucose"), **value)
    results = [{"reference": "Observation/o"}, {"reference": "Observation/absent"}]
    report = entry("DiagnosticReport", id="r", subject=AMINA, code=coded("Panel"), issued=WHEN, result=results)
    (found,) = (item for item in items(tmp_path, [observation, report]) if item.title == "Panel")
    assert found.text == "Results: Glucose\nResults that are not in the imported file: 1"


def test_one_text_told_by_a_document_and_a_report_lands_once(tmp_path: Path) -> None:
    category = [coded("History and physical", "34117-2", "http://loinc.org")]
    report = entry("DiagnosticReport", id="r", subject=AMINA, category=category, code=category[0], issued=WHEN)
    report["resource"]["presentedForm"] = [attached("Slept badly.")]
    result = imported(tmp_path, [*people(), report, document()])
    assert [item.text for item in result.records[0].items].count("Slept badly.") == 1
    assert result.left_out["DiagnosticReport: the same text as a document of that day"] == 1
    assert only(tmp_path, report).kind == "note"


def test_what_was_entered_in_error_stays_where_it_is_and_is_counted(tmp_path: Path) -> None:
    wrong = entry("Condition", id="w", subject=AMINA, recordedDate=WHEN, code=coded("Asthma"))
    wrong["resource"]["verificationStatus"] = coded("", "entered-in-error")
    result = imported(tmp_path, [*people(), document(status="entered-in-error"), wrong])
    assert result.left_out["DocumentReference: entered in error"] == 1
    assert result.left_out["Condition: entered in error"] == 1


def test_claims_are_left_out_and_counted(tmp_path: Path) -> None:
    result = imported(tmp_path, [*people(), entry("Claim", id="c"), entry("Claim", id="d"), entry("Basic", id="b")])
    assert result.left_out["Claim: billing"] == 2
    assert result.left_out["Basic: no place in a record yet"] == 1


AUTHORS = {
    "a named practitioner": ([OKAFOR], "Dr. Chidi Okafor"),
    "a display alone": ([{"display": "Dr Lee"}], "Dr Lee"),
    "somebody in another file": ([{"reference": "Practitioner/9", "display": "Dr Lee"}], "Dr Lee"),
    "an unknown": ([{"reference": "Practitioner/9"}], UNKNOWN_AUTHOR.name),
    "a related person": ([{"reference": "RelatedPerson/9", "display": "Sam"}], UNKNOWN_AUTHOR.name),
    "a device": ([{"reference": "Device/9", "display": "Cuff"}], UNKNOWN_AUTHOR.name),
    "the patient": ([AMINA], "Amina Yusuf"),
    "an organisation before a person": ([{"reference": "Organization/h"}, OKAFOR], "Dr. Chidi Okafor"),
    "an organisation alone": ([{"reference": "Organization/h"}], "St Luke's"),
    "a contained practitioner": ([{"reference": "#in"}], "Mx Inner"),
}


@pytest.mark.parametrize("case", AUTHORS)
def test_the_author_is_who_the_source_names_or_openly_unknown(tmp_path: Path, case: str) -> None:
    references, name = AUTHORS[case]
    inner = {"resourceType": "Practitioner", "id": "in", "name": [{"text": "Mx Inner"}]}
    hospital = entry("Organization", id="h", name="St Luke's")
    found = items(tmp_path, [hospital, document(author=references, contained=[inner])])
    assert next(item.author.name for item in found if item.title == "Progress note") == name


def test_who_led_the_encounter_is_the_author_when_the_resource_names_none(tmp_path: Path) -> None:
    assert only(tmp_path, entry("Observation", code=coded("Pulse"), subject=AMINA, encounter=VISIT)).author.name == (
        "Dr. Chidi Okafor"
    )


DATES = {
    "2021-03-04T10:15:30Z": "2021-03-04T10:15:30.000+00:00",
    "2021-03-04T10:15:30.9999999-05:00": "2021-03-04T15:15:30.999+00:00",
    "1941-12-31": "1941-12-31T00:00:00.000+00:00",
    "2021-03": "2021-03-01T00:00:00.000+00:00",
    "2021": "2021-01-01T00:00:00.000+00:00",
}


@pytest.mark.parametrize(("written", "meant"), DATES.items())
def test_a_date_is_utc_in_milliseconds_and_a_day_begins_at_midnight(tmp_path: Path, written: str, meant: str) -> None:
    assert only(tmp_path, document(date=written)).made_at.isoformat(timespec="milliseconds") == meant


@pytest.mark.parametrize(
    "written",
    ["2021-02-30", "2021-13", "21", "", "2021-03-04T10:15:30", "2021-03-04T10:15Z", "2021-03-04T25:00:00Z",
     "2021-03-04 10:15:30Z", "2021-03-04\n", "0000", "0001-01-01T00:00:00+14:00", "٢٠٢١", "yesterday", 2021, None],
)  # fmt: skip
def test_a_wrong_date_is_a_problem_at_its_place(tmp_path: Path, written: object) -> None:
    assert "at /entry/3/resource/date: got " in problem_of(tmp_path, document(date=written))


def attachment(**members: object) -> dict[str, object]:
    return document(content=[{"attachment": members}])


UNREADABLE = {
    "base64 with a letter it does not have": (attachment(data="U2x*cA=="), "base64"),
    "base64 without its padding": (attachment(data="U2xlcA"), "base64"),
    "base64 with bits after its end": (attachment(data="U2xlcB=="), "base64"),
    "Latin-1 that says it is UTF-8": (attachment(data=base64_of(b"caf\xe9")), "got byte 0xe9 at offset 3"),
    "a charset that is not UTF-8": (attachment(contentType="text/plain; charset=latin1", data="QQ=="), "charset=utf-8"),
    "a PDF": (attachment(contentType="application/pdf", data="QQ=="), "got 'application/pdf', wanted plain text"),
    "a NUL": (attachment(data=base64_of("a\0b")), "a NUL character"),
    "nothing but space": (attachment(data=base64_of(" \n")), "an empty document"),
    "markup that is none": (attachment(contentType="text/html", data=base64_of("<![x[")), "malformed markup"),
    "a text kept elsewhere": (attachment(url="https://example.org/1"), "nothing is fetched"),
    "no content": (document(content=[]), "a document without content"),
    "more than a statement holds": (document("é" * 200_000), "wanted at most 261,120"),
    "a list where a string belongs": (document(date=["2021"]), "got an array"),
    "nobody": (document(subject=None), "got null, wanted an object"),
    "somebody else's": (document(subject={"reference": "Patient/77"}), "got 'Patient/77', wanted a reference to one"),
    "a group": (document(subject={"reference": "Group/herd"}), "wanted a reference to one Patient"),
    "no date": (entry("Goal", subject=AMINA, description={"text": "Walk"}), "got no date"),
    "no words": (entry("Observation", subject=AMINA, issued=WHEN, code={}), "got Observation without words"),
    "no type": ({"resource": {"id": "x"}}, "got no resourceType"),
    "half a surrogate pair": (document(type={"text": "\ud83d"}), "half of a surrogate pair"),
    "NUL in a title": (document(type={"text": "a\0"}), "a NUL character"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_one_unreadable_resource_is_a_problem_and_the_rest_still_lands(tmp_path: Path, case: str) -> None:
    resource, why = UNREADABLE[case]
    assert why in problem_of(tmp_path, resource)


def test_white_space_inside_base64_is_what_fhir_allows(tmp_path: Path) -> None:
    assert only(tmp_path, attachment(data="U2xl\n ZXA=")).text == "Sleep"


def test_the_format_that_is_text_is_read_where_a_document_comes_in_several(tmp_path: Path) -> None:
    contents = [{"attachment": attached("%PDF", "application/pdf")}, {"attachment": attached("Slept.")}]
    assert only(tmp_path, document(content=contents)).text == "Slept."


def test_the_text_of_a_document_may_be_in_a_binary_of_the_same_file(tmp_path: Path) -> None:
    binary = entry("Binary", id="b", **attached("<p>Slept &amp; woke.</p><ul><li>Tea</li></ul>", "text/html"))
    found = items(tmp_path, [binary, attachment(url="Binary/b")])
    assert "Slept & woke.\n- Tea" in {item.text for item in found}


def test_a_reference_two_patients_answer_to_puts_words_in_no_record(tmp_path: Path) -> None:
    two = [entry("Patient", id="1", name=[{"text": name}]) for name in ("Amina", "Somebody else")]
    result = imported(tmp_path, [*two, document(subject={"reference": "Patient/1"})])
    assert [record.items for record in result.records] == [(), ()]
    assert "wanted a reference to one Patient" in str(result.problems[0])


def test_a_patient_contained_in_a_document_is_nobody_who_could_have_a_record(tmp_path: Path) -> None:
    contained = document(subject={"reference": "#p"}, contained=[{"resourceType": "Patient", "id": "p"}])
    assert "got '#p', wanted a reference to one Patient" in problem_of(tmp_path, contained)


def test_each_patient_of_a_bundle_has_a_record_of_their_own(tmp_path: Path) -> None:
    other = {"reference": "http://example.org/Patient/2"}
    result = imported(tmp_path, [*people(), named(other, "Patient"), document("Theirs.", subject=other)], "searchset")
    texts = {record.patient.name: [item.text for item in record.items] for record in result.records}
    assert texts == {"Amina Yusuf": ["Status: finished"], "Unnamed patient (imported)": ["Theirs."]}


def test_two_files_that_call_different_people_patient_1_do_not_make_them_one(tmp_path: Path) -> None:
    amina, ben = (imported(tmp_path, [entry("Patient", id="1", name=[{"text": n}])]) for n in ("Amina", "Ben"))
    assert amina.records[0].patient.source_id != ben.records[0].patient.source_id


def test_an_entry_repeated_lands_once_and_a_different_one_under_its_id_is_a_problem(tmp_path: Path) -> None:
    result = imported(tmp_path, [*people(), document("One."), document("One."), document("Two.")])
    assert result.left_out["DocumentReference: a repeat of another entry"] == 1
    assert "a second, different DocumentReference" in str(result.problems[0])


def test_one_id_is_never_two_items_even_in_two_records(tmp_path: Path) -> None:
    other = {"reference": "http://example.org/Patient/2"}
    same = {"fullUrl": "http://example.org/DocumentReference/1"}
    theirs = {**same, **document(subject=other)}
    result = imported(tmp_path, [*people(), named(other, "Patient"), {**same, **document()}, theirs])
    assert "a second, different DocumentReference" in str(result.problems[0])


def test_two_people_under_one_id_are_a_problem_and_the_words_of_neither_land(tmp_path: Path) -> None:
    ben = named(AMINA, "Patient", name=[{"text": "Ben"}])
    result = imported(tmp_path, [people()[0], ben, document()])
    assert [record.items for record in result.records] == [()]
    assert "a second, different Patient" in str(result.problems[0])


def test_a_resource_without_an_id_is_named_by_its_content(tmp_path: Path) -> None:
    first, again, other = (only(tmp_path, document(text, id="")) for text in ("One.", "One.", "Two."))
    assert first.source_id == again.source_id != other.source_id


@pytest.mark.parametrize("kind", ["history", "message", "transaction-response", "", None])
def test_a_bundle_that_is_no_record_is_refused_whole(tmp_path: Path, kind: str) -> None:
    result = imported(tmp_path, people(), kind)
    assert result.records == ()
    assert isinstance(result.problems[0], FileProblem)
    assert "/type: got null" in str(result.problems[0]) or "wanted a Bundle of type batch" in str(result.problems[0])
