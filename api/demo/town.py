"""More people than the story needs: whoever else is around Amina, so that every page has something to show.

They come in after the story is told. What they see is decided as everything is: by facts that somebody stated.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from api.demo.cast import Cast
from api.pages.language import marked
from api.sign_in.personas import Persona
from ledger.core.identifiers import NHS_NUMBER
from ledger.ledger import Ledger
from ledger.saying import By

GRACE, LENA, MAYA, WALTER = "Grace Adeyemi", "Lena Novak", "Maya Diallo", "Walter Adeyemi"
PRICE, HALE, KAYA, GRETA, BERT = "Nurse Joan Price", "Dr Tom Hale", "Dr Elif Kaya", "Greta Holm", "Bert Nilsson"
SURGERY, AGENCY, PSYCHOLOGY = "Riverside Surgery", "Brightside Home Care", "Harbour Psychology Service"
OTHER_PATIENTS: Final = ("Peter Lindqvist", "Rosa Martins", "Yusuf Rahman", "Helen Brown")
_NUMBERS: Final = ("9990000018", "9990000026", "9990000034", "9990000042", "9990000050", "9990000069")
"""Of the range that is kept for tests: nobody has one."""


@dataclass(frozen=True, slots=True)
class Town:
    """Everybody else, as they speak, and the records that are not Amina's.

    Grace is a neighbour who helps, and has her husband Walter's power of attorney. Lena is a home carer of an agency.
    Maya is Sam's daughter, of an age at which a parent sees what was agreed with her. Price is the surgery's nurse,
    Hale works in the emergency department, Kaya is a psychologist. Greta is the privacy officer, Bert the registrar.
    """

    grace: By
    lena: By
    maya: By
    walter: By
    price: By
    hale: By
    kaya: By
    greta: By
    bert: By
    surgery: str
    agency: str
    psychology: str
    mayas: str
    walters: str
    others: tuple[str, ...]

    def personas(self, cast: Cast) -> Iterator[Persona]:
        """Whom a browser can sign in as besides the story's people."""
        parts = (
            (self.grace, GRACE, marked("Amina's neighbour, who looks in after work")),
            (self.lena, LENA, marked("A home carer of Brightside")),
            (self.maya, MAYA, marked("Sam's daughter, fourteen, with a record of her own")),
            (By(cast.sam.person, "parent"), "Sam Diallo", marked("As Maya's father")),
            (
                By(self.grace.person, "attorney"),
                GRACE,
                marked("As Walter's attorney: he cannot decide about treatment now"),
            ),
            (self.walter, WALTER, marked("Grace's husband, who has dementia")),
            (self.price, PRICE, marked("The surgery's nurse")),
            (self.hale, HALE, marked("An emergency doctor, who once opened the record at night")),
            (self.kaya, KAYA, marked("A psychologist: Amina sealed one of her notes from the surgery")),
            (self.greta, GRETA, marked("The privacy officer: reviews emergencies, answers questions")),
            (self.bert, BERT, marked("The registrar: lets people in, confirms their passkeys")),
        )
        return (Persona(by.person, name, part, by.acting_as) for by, name, part in parts)


async def move_in(ledger: Ledger, cast: Cast) -> Town:
    """Register everybody, in their roles and teams, and open their records."""
    first = cast.first_administrator
    people = {name: await _register(ledger, first, name) for name in (GRACE, LENA, PRICE, HALE, KAYA, GRETA, BERT)}
    for name in (PRICE, HALE, KAYA):
        await ledger.people.grant(first, people[name], "clinician")
    await ledger.people.grant(first, people[BERT], "registrar")
    await ledger.people.grant(first, people[GRETA], "guardian")
    await ledger.people.approve(cast.second_administrator, people[GRETA], "guardian")
    surgery = await _team(ledger, first, SURGERY, cast.okafor.person, people[PRICE])
    agency = await _team(ledger, first, AGENCY, people[LENA])
    psychology = await _team(ledger, first, PSYCHOLOGY, people[KAYA])
    patients = [
        await _patient(ledger, first, surgery, name, number)
        for name, number in zip((MAYA, WALTER, *OTHER_PATIENTS), _NUMBERS, strict=True)
    ]
    (maya, mayas), (walter, walters), *others = patients
    await ledger.care.start(first, cast.record, ground="registration", team=surgery)
    await ledger.care.start(first, cast.record, ground="referral", team=psychology)
    for name, relation in ((GRACE, "neighbour"), (LENA, "home carer, Brightside")):
        await ledger.care.name_carer(cast.amina, cast.record, people[name], relation)
    await ledger.representation.state_birth(first, mayas, date(_year(ledger) - 14, 3, 9))
    return Town(
        By(people[GRACE], "carer"), By(people[LENA], "carer"), By(maya, "patient"), By(walter, "patient"),
        By(people[PRICE], "clinician", purpose="appointment"),
        By(people[HALE], "clinician"), By(people[KAYA], "clinician"),
        By(people[GRETA], "guardian"), By(people[BERT], "registrar"),
        surgery, agency, psychology, mayas, walters, tuple(record for _person, record in others),
    )  # fmt: skip


def _year(ledger: Ledger) -> int:
    return date.fromtimestamp(ledger.clock() / 1000).year


async def _register(ledger: Ledger, first: By, name: str, number: str | None = None) -> str:
    known = () if number is None else ({"system": NHS_NUMBER, "value": number},)
    return str((await ledger.people.register(first, name, identifiers=known)).facts["person"])


async def _team(ledger: Ledger, first: By, name: str, *members: str) -> str:
    team = str((await ledger.people.form_team(first, name)).facts["team"])
    for person in members:
        await ledger.people.join_team(first, team, person)
    return team


async def _patient(ledger: Ledger, first: By, surgery: str, name: str, number: str) -> tuple[str, str]:
    """A patient of the surgery: their id, and their record's."""
    person = await _register(ledger, first, name, number)
    record = str((await ledger.care.open_record(first, person)).facts["record"])
    await ledger.care.start(first, record, ground="registration", team=surgery)
    return person, record
