"""Everybody who asks: one person for each way to stand to a record, and each way not to be signed in."""

from dataclasses import dataclass
from typing import Any, Final

from api.http.service import Service
from api.sign_in.doors import Doors
from ledger.saying import Answer, By
from tests.story import Beginning

AS_PATIENT: Final = "patient"


def named(answer: Answer, fact: str) -> str:
    """An id that a statement gave."""
    return str(answer.facts[fact])


@dataclass(frozen=True)
class Cast:
    """The people around each record. All but the patient are the same around every one of them."""

    begun: Beginning
    doors: Doors
    teams: tuple[str, str]
    """Two further teams, which care for nobody yet."""
    noor: By
    omar: By
    eva: By
    vera: By
    paula: By
    hale: By
    quinn: By
    rao: By
    otto: By
    alma: By
    rosa: By
    ida: By

    def __getattr__(self, name: str) -> Any:
        """Those of the story go by their names here too."""
        return getattr(self.begun, name)


async def cast_in(service: Service, begun: Beginning) -> Cast:
    """Let the others come in.

    Noor, Omar and Eva are carers who were shared nothing, are suspended, and no longer are carers; Vera holds a power,
    Paula has parental responsibility. Dr Hale is from elsewhere, Dr Quinn has left, Dr Rao's key is revoked. Otto
    audits without a case, Alma administers, Rosa registers, and Ida is registered and nothing else.
    """
    people, ada, bert = service.ledger.people, begun.ada, begun.bert

    async def come(name: str, acting_as: str, *roles: str) -> By:
        person = named(await people.register(ada, name), "person")
        for role in roles:
            await people.grant(ada, person, role)
            if role in ("administrator", "auditor", "guardian"):
                await people.approve(bert, person, role)
        return By(person, acting_as)

    teams = [named(await people.form_team(ada, name), "team") for name in ("The Clinic", "The Ward")]
    cast = Cast(
        begun,
        service.doors,
        (teams[0], teams[1]),
        noor=await come("Noor", "carer"),
        omar=await come("Omar", "carer"),
        eva=await come("Eva", "carer"),
        vera=await come("Vera", "attorney"),
        paula=await come("Paula", "parent"),
        hale=await come("Dr Hale", "clinician", "clinician"),
        quinn=await come("Dr Quinn", "clinician", "clinician"),
        rao=await come("Dr Rao", "clinician", "clinician"),
        otto=await come("Otto", "auditor", "auditor"),
        alma=await come("Alma", "administrator", "administrator"),
        rosa=await come("Rosa", "registrar", "registrar"),
        ida=await come("Ida", AS_PATIENT),
    )
    for left in (cast.quinn, cast.rao):
        await people.join_team(ada, begun.practice, left.person)
    await people.leave_team(ada, begun.practice, cast.quinn.person)
    await people.end_role(ada, cast.quinn.person, "clinician")
    return cast
