"""The people of the story: registered, in their roles, around one record."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from api.pages.language import marked
from api.sign_in.personas import Persona, Personas, Trial
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

    def personas(self, others: Iterable[Persona] = (), trials: tuple[Trial, ...] = ()) -> Personas:
        """Everybody of the story, for a browser to sign in as, whoever else lives around them, and what to try."""
        story = (Persona(by.person, name, part, by.acting_as) for by, name, part in self._parts())
        return Personas((*story, *others), trials)

    def _parts(self) -> Iterator[tuple[By, str, str]]:
        yield self.amina, AMINA, marked("A patient, and whose story this is")
        yield self.sam, SAM, marked("Her son, who helps her")
        yield self.okafor, OKAFOR, marked("Her doctor at the surgery")
        yield self.moss, MOSS, marked("A doctor who stands in for others, and has never met Amina")
        yield self.ruth, RUTH, marked("An auditor, who has a case about what Sam was shown")
        yield (
            self.first_administrator,
            "Founding administrator 1",
            marked("Appoints people, and says who is in whose care"),
        )
        yield self.second_administrator, "Founding administrator 2", marked("Appoints people: some roles take two")


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
