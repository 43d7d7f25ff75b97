"""The smallest cast that can write: a clinician in care of one record."""

from dataclasses import dataclass

from ledger.ledger import Ledger
from ledger.saying import By


@dataclass(frozen=True)
class Cast:
    """Person ids and the record."""

    patient: str
    clinician: str
    record: str

    @property
    def doctor(self) -> By:
        return By(self.clinician, "clinician")


async def gather_cast(ledger: Ledger) -> Cast:
    administrator = By(ledger.people.founders[0], "administrator")
    patient = (await ledger.people.register(administrator, "Amina Diallo")).facts["person"]
    clinician = (await ledger.people.register(administrator, "Dr Okafor")).facts["person"]
    await ledger.people.grant(administrator, clinician, "clinician")
    record = (await ledger.care.open_record(administrator, patient)).facts["record"]
    await ledger.care.start(administrator, record, ground="referral", person=clinician)
    return Cast(patient, clinician, record)
