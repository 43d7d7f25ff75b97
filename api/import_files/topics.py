"""Which sensitive topics an imported item touches, told from its codes and its words.

Nobody confirmed these topics, so the table errs on one side: a topic can only narrow who sees an item, therefore one
too many costs a tick by the patient or the author, and one too few would show a carer what the patient never agreed
to. Negations ("denies alcohol") are marked too, for the question alone can tell. A medicine is marked by what it
commonly treats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
ICD10 = re.compile(r"http://hl7\.org/fhir/sid/icd-10(?:-[a-z]+)?")
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


class Coding(NamedTuple):
    """A code in its code system, as FHIR R4 has it."""

    system: str
    code: str


@dataclass(frozen=True)
class Topic:
    """How one topic shows: as words (a pattern, case ignored), as codes, or as the beginning of an ICD-10 code.

    `labels` are HL7 v3 ActCode sensitivity labels, by which the source itself says so.
    """

    words: re.Pattern[str]
    snomed: frozenset[str]
    loinc: frozenset[str]
    icd10: tuple[str, ...]
    labels: frozenset[str]

    def is_coded_as(self, coding: Coding) -> bool:
        """Tell whether a code belongs to this topic."""
        if ICD10.fullmatch(coding.system):
            return coding.code.upper().startswith(self.icd10)
        codes = {SNOMED: self.snomed, LOINC: self.loinc, ACT_CODE: self.labels}
        return coding.code in codes.get(coding.system, frozenset())


def _topic(words: str, snomed: str = "", loinc: str = "", icd10: str = "", labels: str = "") -> Topic:
    """Read one row of the table: words are alternatives that begin a word and may end it in any way."""
    pattern = re.compile(rf"\b(?:{'|'.join(words.split())})", re.IGNORECASE)
    return Topic(
        pattern, frozenset(snomed.split()), frozenset(loinc.split()), tuple(icd10.split()), frozenset(labels.split())
    )


TOPICS: dict[str, Topic] = {
    "mental-health": _topic(
        r"""mental psychi psycho depress anxi panic suicid self[-\s]?harm bipolar schizo mania\b manic\b low\s+mood
        stress PTSD post[-\s]?traumatic eating\s+disorder anorexia\s+nervosa bulimi OCD\b obsessi overdose PHQ
        GAD\b GAD-7 patient\s+health\s+questionnaire cognitive\s+and\s+behaviou?ral citalopram escitalopram
        fluoxetine sertraline paroxetine mirtazapine venlafaxine duloxetine amitriptyline lithium olanzapine
        quetiapine risperidone aripiprazole clozapine haloperidol diazepam lorazepam alprazolam clonazepam""",
        snomed="35489007 370143000 48694002 197480006 21897009 73595000 13746004 58214004 47505003 1149222004",
        loinc="44249-1 44261-6 55757-9 55758-7 69737-5 70274-6 89204-2 89205-9",
        icd10="F Z13.3 X6 X7 X80 X81 X82 X83 X84 T14.91",
        labels="PSY PSYTHPN MH BH",
    ),
    "sexual-health": _topic(
        r"""HIV\b AIDS\b human\s+immunodeficiency sexual STIs?\b STDs?\b chlamydia gonorrh syphilis herpes\s+simplex
        genital HPV human\s+papilloma erectile libido PrEP\b condom rape unprotected\s+sex tenofovir emtricitabine
        gender\s+identity \w+tegravir darunavir lamivudine zidovudine abacavir sildenafil tadalafil""",
        snomed="86406008 62479008 8098009 15628003 76272004 105629000 33839006",
        loinc="75622-1 56888-1 29893-5 68961-2 76499-3 76691-5",
        icd10="A5 A60 A61 A62 A63 A64 B20 B21 B22 B23 B24 Z21 Z11.3 Z11.4 Z20.2 Z20.6 Z72.5 F52 N52",
        labels="HIV STD SEX",
    ),
    "reproductive": _topic(
        r"""pregnan prenatal antenatal postnatal postpartum f(?:o)?et(?:al|us) gravid obstetric gyna?ecolog midwi
        miscarr abortion termination\s+of fertil infertil IVF\b contracep birth\s+control the\s+pill\b
        morning[-\s]after menstr periods\b menopaus LMP\b uter(?:us|ine) intrauterine IUDs?\b vasectomy tubal
        sterili[sz]ation pre-?eclampsia vaginal \d+\s+day\s+pack nuvaring mirena nexplanon norethi levonorgestrel
        estradiol desogestrel mifepristone misoprostol clomi(?:ph|f)ene""",
        snomed="77386006 72892002 398254007 13197004 169762003 424441002 424619006 169826009 183460006",
        loinc="2106-3 2118-8 11778-8 82810-3",
        icd10="O Z30 Z31 Z32 Z33 Z34 Z35 Z36 Z37 Z39 Z3A Z64.0 N91 N92 N94 N95 N97",
        labels="PREGNANT SEX",
    ),
    "substance-use": _topic(
        r"""alcohol etoh\b drinker drinking\s+(?:heav|prob|too) drunk binge units?\s+(?:per|a|/)\s*week
        substance\s+(?:use|mis|abuse) addict detox overdose drug\s+(?:use|mis|abus|addict|depend|rehab|detox|seek)
        (?:illicit|recreational)\s+drug dependent\s+drug DAST rehabilitation\s+and\s+detox opioid opiate heroin
        cocaine cannabis marijuana ketamine amphetamine methadone buprenorphine naloxone naltrexone disulfiram
        acamprosate morphine codeine \w*codone oxycontin fentanyl tramadol""",
        snomed="6525002 7200002 66590003 361055000 191816009 1149222004 55680006 266707007 60112009 61480009 56876005",
        loinc="82666-9 82667-7 72109-2 75626-2 68518-0",
        icd10="F10 F11 F12 F13 F14 F15 F16 F18 F19 T40 T51 Z71.4 Z71.5 Z72.1 Z72.2 K70",
        labels="ETH ETHUD OPIOIDUD SUD",
    ),
    "domestic-abuse": _topic(
        r"""(?:domestic|partner|intimate|spous\w+|sexual|emotional|physical|child|elder)\s+(?:partner\s+)?(?:abuse|violence)
        violen safeguard(?:ing)?\s coercive controlling\s+(?:partner|behavio) battered HARK\b humiliation, MARAC
        refuge\b victim\s+of abused\s+by hit\s+by\s+(?:his|her|their)\s+(?:partner|husband|wife)
        non[-\s]accidental""",
        snomed="706893006 424393004 397940009",
        loinc="76499-3 76500-8 76501-6 76504-0",
        icd10="T74 T76 Y04 Y05 Y06 Y07 Z63.0 Z69 Z91.41",
        labels="SDV VIO",
    ),
    "genetic": _topic(
        r"""genetic genom gene\b genes\b BRCA huntington hereditary inherited familial\s carrier\s+(?:of|status|test)
        lynch\s+syndrome chromosom trisomy down'?s\s+syndrome karyotype cystic\s+fibrosis sickle\s+cell
        h(?:a)?emophilia alpha-fetoprotein\s+test""",
        snomed="412734009 412738007 58756001 190905008 417357006",
        loinc="21636-6 51968-6 81247-9",
        icd10="Q9 Z14 Z15 Z31.5 Z80 Z81 Z82 Z84.81 G10 E84 D57 D66 D67",
        labels="GDIS",
    ),
    "social-care": _topic(
        r"""homeless housing evict refugee asylum social\s+(?:care|work|service|isolation|contact) limited\s+social
        care\s+home\b nursing\s+home rest\s+home domiciliary food\s+bank benefits\s+(?:claim|agency) unemploy
        financial\s+(?:hardship|strain) PRAPARE risks,\s+and\s+experiences universal\s+credit child\s+protection
        foster\s+care prison""",
        snomed="32911000 446654005 423315002 422650009 73438004 105531004 210098006",
        loinc="93025-5 71802-3 96777-8",
        icd10="Z55 Z56 Z57 Z58 Z59 Z60 Z62 Z63 Z64 Z65",
    ),
}


def topics_of(words: Iterable[str], codings: Iterable[Coding] = ()) -> tuple[str, ...]:
    """Name the topics that these words and codes touch, in the order of the table."""
    texts, coded = tuple(words), frozenset(codings)
    return tuple(
        name
        for name, topic in TOPICS.items()
        if any(topic.words.search(text) for text in texts) or any(topic.is_coded_as(coding) for coding in coded)
    )
