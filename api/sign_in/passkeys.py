"""Passkeys: making them, signing in with them, showing again with one who is there (WebAuthn level 3).

A passkey signs its owner in as soon as it is kept here. Whether it speaks for them as well is said in the log alone
(``passkey-enrolled/1``); one that the log has revoked signs nobody in any more, whatever is kept here.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import webauthn
from psycopg.rows import class_row
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from api.sign_in.authenticators import ALGORITHMS, PasskeyRefused, Response, Used, key_of_nobody, passkey_of
from api.sign_in.once import GOOD_FOR, Once, Pool
from api.sign_in.place import Place
from api.sign_in.session import SignInRefused
from ledger.core.canonical import base64url
from ledger.core.errors import MalformedStatement
from ledger.core.instants import Instant
from ledger.core.key_history import KeyHistory, PasskeyEnrolment
from ledger.core.keys import KeyId
from ledger.core.passkeys import Passkey
from ledger.store.facts import FactsReader

MAKE: Final = "passkey-make"
SIGN_IN: Final = "passkey-sign-in"
AGAIN: Final = "passkey-again"
"""The purposes of challenges."""
MOST: Final = 20
"""Passkeys of one person that sign in."""
LONGEST_NAME: Final = 64
_JOINER: Final = "\u200d"
"""Between the parts of one picture, as of a person at a computer."""
_SITE: Final = "Record ledger"
_COLUMNS: Final = (
    "credential, person::text, public_key, kid, name, sign_count, backed_up, transports, made_at, used_at, ended_at"
)
_FIND: Final = f"select {_COLUMNS} from sign_in.passkey where credential = %s"  # noqa: S608 - the names of columns
_OF: Final = f"select {_COLUMNS} from sign_in.passkey where person = %s and ended_at is null order by made_at, kid"  # noqa: S608
_KEEP: Final = f"""
    insert into sign_in.passkey (credential, person, public_key, kid, name, sign_count, backed_up, transports, made_at)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning {_COLUMNS}
"""  # noqa: S608
# The count is compared where it is kept, so that of two assertions at once by two copies one is refused.
_USED: Final = """
    update sign_in.passkey set sign_count = %(count)s, backed_up = %(backed_up)s, used_at = %(now)s
    where credential = %(credential)s and ended_at is null
      and (sign_count < %(count)s or (sign_count = 0 and %(count)s = 0))
    returning true
"""
_NAME: Final = "update sign_in.passkey set name = %s where credential = %s"
_END: Final = "update sign_in.passkey set ended_at = %s where credential = %s and ended_at is null"
_ENROLLED: Final = "update sign_in.passkey set enrolled = true where credential = any(%s)"
_WAITING: Final = f"""
    select {_COLUMNS} from sign_in.passkey
    where ended_at is null and not enrolled and (%(person)s::uuid is null or person = %(person)s)
    order by made_at desc, kid limit %(most)s
"""  # noqa: S608
MOST_WAITING: Final = 200
"""Passkeys that a registrar is shown at once."""


@dataclass(frozen=True, slots=True)
class KeptPasskey:
    """A passkey as it is kept: ``credential`` is its id, ``public_key`` a COSE_Key, ``kid`` its JWK's thumbprint."""

    credential: bytes
    person: str
    public_key: bytes
    kid: KeyId
    name: str
    sign_count: int
    backed_up: bool
    transports: list[str]
    made_at: Instant
    used_at: Instant | None
    ended_at: Instant | None

    @property
    def id(self) -> str:
        """The credential's id in base64url, as browsers and the log write it."""
        return base64url(self.credential)

    @property
    def handle(self) -> bytes:
        """Its owner, as authenticators write it."""
        return UUID(self.person).bytes

    @property
    def fingerprint(self) -> str:
        """What its owner and a registrar read to each other."""
        return fingerprint_of(self.kid)

    def enrolment(self, keys: KeyHistory) -> PasskeyEnrolment | None:
        """What the log says about it, if anything."""
        return keys.passkeys.get((self.person, self.id))

    def passkey(self, rp: str) -> Passkey:
        """The same as the log has it."""
        return passkey_of(self.credential, self.public_key, rp)


@dataclass(frozen=True, slots=True)
class Passkeys:
    """Makes passkeys, lets their owners in with them, and ends them.

    The challenge of an answer is its own: ``Once`` tells whether it was given out for this, to this one, and not used.
    """

    pool: Pool
    once: Once
    facts: FactsReader
    clock: Callable[[], Instant]
    # Whoever names a credential that is not there waits for a check all the same, against a key that nobody has.
    _nobodys: bytes = field(default_factory=key_of_nobody)

    async def options_to_make(self, person: str, name: str, place: Place, whom: str) -> dict[str, Any]:
        """PublicKeyCredentialCreationOptionsJSON for a passkey of this person.

        ``name`` is what the device shows beside it, which others may see too; if empty, an account without a name.
        ``whom``: the session or invitation that will bring the answer.
        """
        known = [_descriptor(one) for one in await self.of(person)]
        options = webauthn.generate_registration_options(
            rp_id=place.rp,
            rp_name=_SITE,
            user_id=UUID(person).bytes,
            user_name=name or f"Account {person[-4:]}",
            challenge=self.once.challenge(MAKE, whom),
            timeout=GOOD_FOR,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=known,
            supported_pub_key_algs=ALGORITHMS,
        )
        return options_to_json_dict(options)

    async def make(self, person: str, credential: object, place: Place, name: str, whom: str) -> KeptPasskey:
        """Keep the passkey that an authenticator made for ``options_to_make``; it signs the person in from now on.

        ``credential`` is a RegistrationResponseJSON, ``name`` what its owner calls it. Raises PasskeyRefused, and
        MalformedStatement for a credential or name of another shape. One insert: a crash leaves all of it or nothing.
        """
        check_name(name)
        response = Response.of_making(credential)
        await self._use_challenge(response, MAKE, whom)
        response.check_browser(place)
        made = response.made(place)
        if len(await self.of(person)) >= MOST:
            raise PasskeyRefused("too-many", f"passkeys: got {MOST} already, wanted fewer; end one that you do not use")
        values = [
            response.credential, person, made.public_key, made.passkey.kid, name, made.sign_count, made.backed_up,
            [*made.transports], self.clock(),
        ]  # fmt: skip
        kept = await self._rows(_KEEP, values)
        if not kept:
            raise PasskeyRefused("made-before", "passkey: got one that is registered already; sign in with it")
        return kept[0]

    def options_to_sign_in(self, place: Place) -> dict[str, Any]:
        """PublicKeyCredentialRequestOptionsJSON for whoever it may be: no account is named, so none is told."""
        return _options_to_use(place, self.once.challenge(SIGN_IN), [])

    async def sign_in(self, credential: object, place: Place) -> KeptPasskey:
        """The passkey that an AuthenticationResponseJSON shows its owner by.

        Raises MalformedStatement; PasskeyRefused. One that is unknown, ended, revoked or forged is refused alike.
        """
        response = Response.of_using(credential)
        await self._use_challenge(response, SIGN_IN, "")
        kept, used = await self._verified(response, place)
        if response.user is None:  # nobody was asked for by name, so the authenticator must say whose it is
            raise _unknown()
        await self._note_use(kept, used)
        return kept

    async def options_to_show_again(self, person: str, place: Place, whom: str) -> dict[str, Any]:
        """PublicKeyCredentialRequestOptionsJSON for the passkeys of one person; ``whom``: their session.

        Raises PasskeyRefused for somebody who has none.
        """
        allowed = [_descriptor(one) for one in await self.of(person)]
        if not allowed:
            raise PasskeyRefused(
                "none", "passkeys: got none of this account, wanted one; sign in again, and then make a passkey"
            )
        return _options_to_use(place, self.once.challenge(AGAIN, whom), allowed)

    async def show_again(self, person: str, credential: object, place: Place, whom: str) -> KeptPasskey:
        """The passkey by which somebody who is signed in shows again who they are; raises as ``sign_in``."""
        response = Response.of_using(credential)
        await self._use_challenge(response, AGAIN, whom)
        kept, used = await self._verified(response, place)
        if kept.person != person:
            raise PasskeyRefused(
                "another-account",
                "passkey: got one of another account, wanted one of the account that is signed in; choose another"
                " passkey, or sign out and sign in with this one",
            )
        await self._note_use(kept, used)
        return kept

    async def of(self, person: str) -> list[KeptPasskey]:
        """The person's passkeys that sign in, oldest first."""
        keys = (await self.facts.person(person, fresh=True)).fold.keys
        return [kept for kept in await self._rows(_OF, [person]) if not _is_revoked(kept.enrolment(keys))]

    async def find(self, credential: bytes) -> KeptPasskey | None:
        """A passkey by the id of its credential, ended or not; None for one that was never here."""
        return next(iter(await self._rows(_FIND, [credential])), None)

    async def waiting(self, person: str | None = None) -> list[KeptPasskey]:
        """The newest passkeys, or those of one person, that sign in and of which the log says nothing yet."""
        while True:
            kept = await self._rows(_WAITING, {"person": person, "most": MOST_WAITING})
            told = [one for one in kept if await self._enrolment(one) is not None]
            if not told:
                return kept
            # What the log once said stays said, so it can be noted here, and the list stays short.
            await self._execute(_ENROLLED, [[one.credential for one in told]])

    async def rename(self, credential: bytes, name: str) -> None:
        """Call it something else; raises MalformedStatement."""
        check_name(name)
        await self._execute(_NAME, [name, credential])

    async def end(self, credential: bytes) -> None:
        """Let nobody in by it any more; again changes nothing. Its sessions, and the log, are the caller's to end."""
        await self._execute(_END, [self.clock(), credential])

    async def _use_challenge(self, response: Response, purpose: str, whom: str) -> None:
        try:
            await self.once.use(response.client.challenge, purpose, whom)
        except SignInRefused as error:
            raise PasskeyRefused("challenge", str(error)) from error

    async def _verified(self, response: Response, place: Place) -> tuple[KeptPasskey, Used]:
        """What can be told apart without knowing any account comes first; from there on every refusal is alike."""
        response.check_browser(place)
        kept = await self.find(response.credential)
        used = response.used(place, self._nobodys if kept is None else kept.public_key)
        if kept is None or used is None or kept.ended_at is not None or response.user not in (None, kept.handle):
            raise _unknown()
        if _is_revoked(await self._enrolment(kept)):
            raise _unknown()
        return kept, used

    async def _note_use(self, kept: KeptPasskey, used: Used) -> None:
        """Note the count; raise PasskeyRefused where it went back, and for a passkey that has ended meanwhile."""
        values = {
            "credential": kept.credential,
            "count": used.sign_count,
            "backed_up": used.backed_up,
            "now": self.clock(),
        }
        if not await self._execute(_USED, values):
            raise PasskeyRefused(
                "copied",
                "passkey: got a count of its uses that went back, so there may be two of it; sign in with another,"
                " and end this one as stolen",
            )

    async def _enrolment(self, kept: KeptPasskey) -> PasskeyEnrolment | None:
        return kept.enrolment((await self.facts.person(kept.person, fresh=True)).fold.keys)

    async def _rows(self, query: str, values: Any) -> list[KeptPasskey]:
        async with (
            self.pool.connection() as connection,
            connection.cursor(row_factory=class_row(KeptPasskey)) as cursor,
        ):
            return await (await cursor.execute(query.encode(), values)).fetchall()

    async def _execute(self, query: str, values: Any) -> int:
        """Carry out a change; how many rows it changed."""
        async with self.pool.connection() as connection:
            return (await connection.execute(query.encode(), values)).rowcount


def fingerprint_of(kid: KeyId) -> str:
    """A passkey's digits, to be read aloud: 24 in six groups, of the SHA-256 of ``kid``.

    To make another passkey with the same digits takes 2^80 tries.
    """
    digest = hashlib.sha256(b"ledger/v1/passkey-fingerprint\0" + kid.encode()).digest()
    digits = f"{int.from_bytes(digest) % 10**24:024d}"
    return " ".join(digits[n : n + 4] for n in range(0, 24, 4))


def check_name(name: str) -> None:
    """Raise MalformedStatement for what nobody could call a passkey."""
    if not (0 < len(name) <= LONGEST_NAME and name.replace(_JOINER, "").isprintable() and name.strip()):
        raise MalformedStatement("name", got=name, wanted=f"1 to {LONGEST_NAME} characters that can be seen")


def _options_to_use(place: Place, challenge: bytes, allowed: list[PublicKeyCredentialDescriptor]) -> dict[str, Any]:
    options = webauthn.generate_authentication_options(
        rp_id=place.rp,
        challenge=challenge,
        timeout=GOOD_FOR,
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def _is_revoked(enrolment: PasskeyEnrolment | None) -> bool:
    return enrolment is not None and enrolment.revoked_at is not None


def _descriptor(kept: KeptPasskey) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(one) for one in kept.transports]
    return PublicKeyCredentialDescriptor(id=kept.credential, transports=transports)


def _unknown() -> PasskeyRefused:
    """The one answer for whatever is not by a passkey that signs somebody in: it tells nobody what is."""
    return PasskeyRefused(
        "unknown",
        "passkey: got one that signs nobody in here, it may have been ended; use another, or ask for an invitation",
    )
