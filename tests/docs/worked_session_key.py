"""The example of a session key in ``docs/reference/format.md``: fixed seeds, times and nonce, so its bytes are pinned.

The passkey is one for EdDSA, whose signatures are the same each time.
"""

import hashlib
from functools import cache

from ledger.core import canonical
from ledger.core.assertions import Assertion
from ledger.core.high_stakes import HIGH_STAKES
from ledger.core.instants import HOUR, Instant, format_instant
from ledger.core.key_history import KeyHistory
from ledger.core.keys import KeyStatement, SigningKey
from ledger.core.passkeys import Passkey, PasskeyStatement, challenge_of_session_key
from ledger.core.sealing import Opening
from ledger.core.statement import SignedStatement, Statement, sign
from ledger.core.vouching import voucher_of
from tests.docs.worked_example import DOCTOR, MADE_AT, ORIGIN

PASSKEY, SESSION = SigningKey(bytes([6]) * 32), SigningKey(bytes([7]) * 32)
NONCE = bytes([8]) * 32
RP = "ledger.example.org"
CREDENTIAL = canonical.base64url(b"a credential")
ENDS = format_instant(Instant(MADE_AT + 12 * HOUR))
CERTIFICATE = {
    "v": 1,
    "ledger": ORIGIN,
    "person": DOCTOR,
    "key": SESSION.public.jwk,
    "nonce": canonical.base64url(NONCE),
    "not_after": ENDS,
}
USER_PRESENT_AND_VERIFIED = 0x05


def passkey() -> Passkey:
    """The doctor's passkey."""
    return Passkey.checked(CREDENTIAL, PASSKEY.public.jwk, RP)


@cache
def assertion() -> Assertion:
    """What the authenticator answers."""
    challenge = challenge_of_session_key(ORIGIN, DOCTOR, SESSION.public, NONCE, ENDS)
    said = canonical.base64url(challenge)
    client = f'{{"type":"webauthn.get","challenge":"{said}","origin":"https://{RP}","crossOrigin":false}}'.encode()
    data = hashlib.sha256(RP.encode()).digest() + bytes([USER_PRESENT_AND_VERIFIED]) + (1).to_bytes(4)
    signature = PASSKEY.sign(data + hashlib.sha256(client).digest())
    return Assertion(CREDENTIAL, NONCE, data, client, signature)


@cache
def enrolment() -> SignedStatement:
    """The statement that enrols the session key, signed by it."""
    evidence = {"person": DOCTOR, "by": "passkey", "assertion": assertion().as_json()}
    public = KeyStatement(SESSION.public, "author", ENDS, evidence)
    facts = Opening(bytes([9]) * 32, canonical.encode({"person": DOCTOR, "kid": SESSION.kid}))
    statement_id = "01931f2e-7c00-7000-8000-000000000003"
    said = Statement(
        statement_id, ORIGIN, "key-enrolled/1", DOCTOR, "clinician", MADE_AT, facts.commitment, None, public
    )
    return sign(said, SESSION)


def session_key_part() -> str:
    """The certificate, its challenge, the assertion, and the statement; raises where verification would refuse it."""
    keys = KeyHistory()
    keys.apply(1, "passkey-enrolled/1", PasskeyStatement.of(passkey(), DOCTOR, "registrar"))
    voucher_of(keys, enrolment(), 2, MADE_AT)
    enrolment().check_signature(SESSION.public)
    challenge = challenge_of_session_key(ORIGIN, DOCTOR, SESSION.public, NONCE, ENDS)
    members = [f"{name:19} {value}" for name, value in assertion().as_json().items()]
    lines = [
        "the certificate, one line:",
        canonical.encode(CERTIFICATE).decode(),
        "",
        f"the challenge       {challenge.hex()}",
        f"the passkey's jwk   {canonical.encode(dict(passkey().jwk)).decode()}",
        "",
        "the assertion:",
        *members,
        "",
        "client_data, as text:",
        assertion().client_data.decode(),
        "",
        "the statement that enrols the session key, signed by it, one line:",
        enrolment().jws,
    ]
    return "```text\n" + "\n".join(lines) + "\n```"


def high_stakes() -> str:
    """The statement types of high stakes."""
    return ", ".join(f"`{name}`" for name in sorted(HIGH_STAKES)) + "."
