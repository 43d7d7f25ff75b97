"""The people of the story: registered, in their roles, around one record."""

from dataclasses import dataclass

from ledger.ledger import Ledger
from ledger.saying import By

AMINA, SAM, OKAFOR, MOSS, RUTH = "Amina Diallo", "Sam Diallo", "Dr Okafor", "Dr Moss", "Ruth Abara"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who speaks in the story, each as they speak, and the record that it is about.

    Amina is the patient, Sam her son and carer, Dr Okafor treats her, Dr Moss is a locum who has never met her, Ruth
    audits; two administrators appoint, because some roles take two.
    """

    amina: By
    sam: By
    okafor: By
    moss: By
    ruth: By
    first_administrator: By
    second_administrator: By
    record: str


async def come_in(ledger: Ledger) -> Cast:
    """Register everybody, open Amina's record, put Dr Okafor in care; Amina names Sam as a carer."""
    first, second = (By(founder, "administrator") for founder in ledger.people.founders)
    ids = {}
    for name in (AMINA, SAM, OKAFOR, MOSS, RUTH):
        ids[name] = str((await ledger.people.register(first, name)).facts["person"])
    for doctor in (OKAFOR, MOSS):
        await ledger.people.grant(first, ids[doctor], "clinician")
    await ledger.people.grant(first, ids[RUTH], "auditor")
    await ledger.people.approve(second, ids[RUTH], "auditor")
    record = str((await ledger.care.open_record(first, ids[AMINA])).facts["record"])
    await ledger.care.start(first, record, ground="referral", person=ids[OKAFOR])
    amina = By(ids[AMINA], "patient")
    await ledger.care.name_carer(amina, record, ids[SAM], "son")
    return Cast(
        amina=amina,
        sam=By(ids[SAM], "carer"),
        okafor=By(ids[OKAFOR], "clinician"),
        moss=By(ids[MOSS], "clinician"),
        ruth=By(ids[RUTH], "auditor"),
        first_administrator=first,
        second_administrator=second,
        record=record,
    )
