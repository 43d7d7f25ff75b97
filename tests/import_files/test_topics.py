from __future__ import annotations

from typing import get_args

import pytest

from api.import_files import TOPICS, Coding, Kind, topics_of
from ledger.core import terms

SNOMED, LOINC, ICD10 = "http://snomed.info/sct", "http://loinc.org", "http://hl7.org/fhir/sid/icd-10"

WORDS = {
    "Victim of intimate partner abuse (finding)": {"domestic-abuse"},
    "Humiliation, Afraid, Rape, and Kick questionnaire [HARK]": {"domestic-abuse", "sexual-health"},
    "Generalized anxiety disorder (disorder)": {"mental-health"},
    "low mood since March, feels DEPRESSED": {"mental-health"},
    "escitalopram 10 MG Oral Tablet": {"mental-health"},
    "Normal pregnancy (finding)": {"reproductive"},
    "Jolivette 28 Day Pack": {"reproductive"},
    "Asks about contraception": {"reproductive"},
    "HIV test negative": {"sexual-health"},
    "?STI": {"sexual-health"},
    "Nil smoking/etOH hx": {"substance-use"},
    "Dependent drug abuse (disorder)": {"substance-use"},
    "Acetaminophen 300 MG / HYDROcodone Bitartrate 5 MG Oral Tablet": {"substance-use"},
    "BRCA1 positive": {"genetic"},
    "alteration in the HFE gene": {"genetic"},
    "Homeless (finding)": {"social-care"},
    "lives in a care home": {"social-care"},
    "Overdose (disorder)": {"mental-health", "substance-use"},
    "Sprain of ankle (disorder)": set(),
    "General examination of patient": set(),
    "Penicillin V Potassium 500 MG Oral Tablet": set(),
    "Not in labor force (finding)": set(),
}

CODES = {
    Coding(SNOMED, "706893006"): {"domestic-abuse"},
    Coding(SNOMED, "86406008"): {"sexual-health"},
    Coding(LOINC, "44249-1"): {"mental-health"},
    Coding(LOINC, "21636-6"): {"genetic"},
    Coding(ICD10, "F10.2"): {"mental-health", "substance-use"},
    Coding("http://hl7.org/fhir/sid/icd-10-cm", "O09.9"): {"reproductive"},
    Coding(ICD10, "Z59.0"): {"social-care"},
    Coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "SDV"): {"domestic-abuse"},
    Coding("http://example.org", "F10.2"): set(),
    Coding(SNOMED, "38341003"): set(),
}


@pytest.mark.parametrize("words", WORDS)
def test_words_are_marked_with_the_topics_they_touch(words: str) -> None:
    assert set(topics_of([words])) == WORDS[words]


@pytest.mark.parametrize("coding", CODES)
def test_codes_are_marked_even_where_no_word_says_so(coding: Coding) -> None:
    assert set(topics_of([""], [coding])) == CODES[coding]


def test_the_table_and_the_ledger_name_the_same_topics_and_kinds() -> None:
    assert tuple(TOPICS) == terms.TOPICS
    assert set(get_args(Kind)) <= set(terms.KINDS)


def test_topics_come_in_the_order_of_the_table_and_each_has_words_and_codes() -> None:
    assert topics_of(["homeless, pregnant and anxious"]) == ("mental-health", "reproductive", "social-care")
    for topic in TOPICS.values():
        assert not topic.words.search("")
        assert topic.snomed
        assert topic.icd10
