"""Which key vouches for a statement: one in force, or the one that it enrols, where a passkey certifies that.

The same questions at admission and in every verification afterwards, with no access to the server.
"""

from typing import Final

from ledger.core.assertions import Assertion
from ledger.core.errors import BadAssertion, CoreError, MalformedStatement
from ledger.core.high_stakes import is_of_high_stakes
from ledger.core.instants import HOUR, Instant, format_instant, parse_instant
from ledger.core.key_history import KeyHistory, KeyNotInForce
from ledger.core.keys import KeyStatement
from ledger.core.passkeys import PasskeyStatement, challenge_of_session_key, challenge_of_statement
from ledger.core.statement import SignedStatement

LONGEST: Final = 12 * HOUR
"""How long a session key may be good for."""
ENROLS: Final = frozenset({"key-enrolled/1", "passkey-enrolled/1"})


class NotVouched(CoreError):
    """A key that nobody enrolled who may."""


class NotAssured(BadAssertion):
    """A statement of high stakes that no passkey assures."""


def voucher_of(keys: KeyHistory, signed: SignedStatement, position: int, recorded_at: Instant) -> KeyStatement:
    """The key that vouches for a statement at a position; its signature is not checked here.

    Raises KeyNotInForce; BadAssertion for a session key that no passkey of its author certifies.
    """
    said, enrolled = signed.statement, signed.statement.public
    if said.type == "key-enrolled/1" and isinstance(enrolled, KeyStatement):
        # The first entry is the service enrolling its own key: nothing before it could vouch for that key.
        if position == 0 and (enrolled.person, enrolled.kid) == (said.author, signed.kid):
            return enrolled
        if enrolled.certified_by is not None:
            check_certificate(keys, signed, enrolled, position, recorded_at)
            return enrolled
    return keys.find(said.author, signed.kid, position, recorded_at)


def check_certificate(
    keys: KeyHistory, signed: SignedStatement, enrolled: KeyStatement, position: int, recorded_at: Instant
) -> None:
    """Raise unless a passkey in force certifies the session key that this statement enrols, and that signs it."""
    said, assertion = signed.statement, enrolled.assertion
    if assertion is None or enrolled.not_after is None:
        raise BadAssertion("session key: got no assertion or no end, wanted both; sign in again")
    if (enrolled.person, enrolled.key.kid, enrolled.custody) != (said.author, signed.kid, "author"):
        raise KeyNotInForce(f"key {signed.kid}: wanted a session key that its own author signs with")
    ends = parse_instant(enrolled.not_after)
    if not recorded_at < ends <= recorded_at + LONGEST:
        latest = format_instant(Instant(recorded_at + LONGEST))
        raise KeyNotInForce(f"key {signed.kid}: got an end at {enrolled.not_after}, wanted one until {latest}")
    passkey = keys.passkey(said.author, assertion.credential, position)
    passkey.check_assertion(
        assertion,
        challenge_of_session_key(said.ledger, said.author, enrolled.key, assertion.nonce, enrolled.not_after),
    )


def check_enrolled_by(
    keys: KeyHistory, voucher: KeyStatement, signed: SignedStatement, position: int, recorded_at: Instant
) -> None:
    """Raise NotVouched for a key or passkey enrolled by nobody who may: neither its own person's key nor a registrar's.

    A registrar enrols for whoever has no key of their own in force; and signs it, once they have ever had a key
    themselves. That they are a registrar is in sealed facts, all else is in clear.
    """
    said, public = signed.statement, signed.statement.public
    if said.type not in ENROLS or not isinstance(public, KeyStatement | PasskeyStatement):
        return
    if isinstance(public, KeyStatement) and public.custody == "service":
        good = said.acting_as == "service"
    elif said.acting_as == "registrar":
        signed_by_them = voucher.custody == "author" or keys.last_own(said.author, position) is None
        good = signed_by_them and (
            said.author == public.person or not keys.has_own(public.person, position, recorded_at)
        )
    else:
        good = said.author == public.person and voucher.custody == "author"
    if not good:
        raise NotVouched(
            f"key {public.kid}: enrolled by {said.acting_as} {said.author} with a key in custody {voucher.custody},"
            " wanted the person's own key, or a registrar's for a person who has none"
        )


def check_assured(
    keys: KeyHistory, voucher: KeyStatement, signed: SignedStatement, assertion: Assertion | None, position: int
) -> None:
    """Raise NotAssured for what needs a passkey's assertion and has none; BadAssertion for one that does not fit.

    What an API key or the service's own key signs has none: there is no passkey behind it.
    """
    said = signed.statement
    if assertion is None:
        if voucher.certified_by is not None and is_of_high_stakes(said):
            raise NotAssured(f"{said.type}: got no assertion, wanted one by a passkey over this statement; confirm it")
        return
    if voucher.certified_by is None or not is_of_high_stakes(said):
        wanted = "none: only statements of high stakes that a session key signs have one"
        raise MalformedStatement("assertion", got=said.type, wanted=wanted)
    passkey = keys.passkey(said.author, assertion.credential, position)
    passkey.check_assertion(assertion, challenge_of_statement(assertion.nonce, said.payload()))
