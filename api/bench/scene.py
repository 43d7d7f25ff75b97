"""Who is there in a bench: a doctor in care of one record, with a key of their own as well."""

import os
from dataclasses import dataclass
from typing import Final

from api.bench.baselines import TEXT
from ledger.core import canonical
from ledger.core.instants import Instant
from ledger.core.keys import SigningKey
from ledger.core.sealing import SALT_SIZE, Opening
from ledger.core.statement import Statement, sign
from ledger.ledger import Ledger
from ledger.saying import By, fresh_id
from ledger.use_cases.items import Draft

NOTE: Final = Draft("note", TEXT)


@dataclass(frozen=True, slots=True)
class Scene:
    """The people of a bench and the record they write in; ``seed`` makes the doctor's own key."""

    doctor: str
    record: str
    seed: bytes

    @property
    def by(self) -> By:
        """The doctor, speaking."""
        return By(self.doctor, "clinician")


async def set_scene(ledger: Ledger) -> Scene:
    """Register a patient and a doctor, open the record, start care, enrol the doctor's own key."""
    first, second = ledger.people.founders
    administrator, registrar = By(first, "administrator"), By(second, "registrar")
    patient = (await ledger.people.register(administrator, "Amina")).facts["person"]
    doctor = (await ledger.people.register(administrator, "Dr Okafor")).facts["person"]
    await ledger.people.grant(administrator, doctor, "clinician")
    record = (await ledger.care.open_record(administrator, patient)).facts["record"]
    await ledger.care.start(administrator, record, ground="referral", person=doctor)
    seed = os.urandom(32)
    await ledger.people.enrol_key(registrar, doctor, SigningKey(seed).public)
    return Scene(doctor, record, seed)


@dataclass(frozen=True, slots=True)
class SignedElsewhere:
    """What a client sends that signs for itself: a JWS, and the salts and bodies that open its commitments."""

    jws: str
    facts: tuple[bytes, bytes]
    words: tuple[bytes, bytes]


def sign_elsewhere(scene: Scene, origin: str, now: Instant, count: int) -> list[SignedElsewhere]:
    """Notes as the doctor's own program makes them."""
    key = SigningKey(scene.seed)
    return [_sign(scene, key, origin, now) for _ in range(count)]


def _sign(scene: Scene, key: SigningKey, origin: str, now: Instant) -> SignedElsewhere:
    statement_id = fresh_id(now)
    facts = Opening(os.urandom(SALT_SIZE), canonical.encode(_facts(scene.record, fresh_id(now))))
    words = Opening(os.urandom(SALT_SIZE), canonical.encode({"title": None, "text": TEXT, "quote": None, "data": None}))
    statement = Statement(
        statement_id, origin, "item-added/1", scene.doctor, "clinician", now, facts.commitment, words.commitment
    )
    return SignedElsewhere(sign(statement, key).jws, (facts.salt, facts.body), (words.salt, words.body))


def _facts(record: str, item: str) -> dict[str, object]:
    return {
        "record": record,
        "item": item,
        "kind": "note",
        "topics": [],
        "parent": None,
        "concern": None,
        "due": None,
        "in_confidence": False,
        "discussed": True,
        "copy_given": False,
        "imported": None,
    }
