"""Passkeys at the door: made, used, shown again, refused; and counted, so that a copy is noticed."""

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import cbor2
import pytest
from psycopg_pool import AsyncConnectionPool

from api.clock import clock
from api.sign_in.authenticators import REASONS, PasskeyRefused
from api.sign_in.once import GOOD_FOR, Once
from api.sign_in.passkeys import MOST, KeptPasskey, Passkeys, fingerprint_of
from api.sign_in.place import Place
from ledger.core.canonical import base64url, unbase64url
from ledger.core.errors import MalformedStatement
from ledger.core.instants import Instant
from ledger.core.keys import KeyId
from ledger.core.passkeys import PasskeyStatement
from ledger.saying import By
from tests.sign_in.authenticator import (
    EDDSA,
    ES256,
    HONEST,
    RS256,
    USER_PRESENT,
    Authenticator,
    Browser,
    Credential,
)
from tests.story import Story

PLACE = Place.of("http://localhost:8000")
WHOM = "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11"
ELSEWHERE = Browser("https://ledger.example")


class Clock:
    """The machine's clock, which a test may set forward."""

    ahead = 0

    def __call__(self) -> Instant:
        return Instant(clock() + self.ahead)


@pytest.fixture
async def passkeys(story: Story) -> AsyncIterator[Passkeys]:
    pool: Any = AsyncConnectionPool(story.database.dsn(), min_size=1, open=False, kwargs={"autocommit": True})
    told = Clock()
    async with pool:
        yield Passkeys(pool, Once(pool, bytes(32), told), story.ledger.facts, told)


async def made(passkeys: Passkeys, device: Authenticator, by: By, name: str = "Phone") -> KeptPasskey:
    options = await passkeys.options_to_make(by.person, "", PLACE, WHOM)
    return await passkeys.make(by.person, device.make(options), PLACE, name, WHOM)


def signed(passkeys: Passkeys, device: Authenticator, page: Browser | None = None, **of: Any) -> dict[str, Any]:
    return device.sign_in(passkeys.options_to_sign_in(PLACE), page, **of)


async def refusal(answer: Awaitable[object], reason: str) -> str:
    with pytest.raises(PasskeyRefused) as refused:
        await answer
    assert refused.value.reason == reason, refused.value
    return str(refused.value)


@pytest.mark.parametrize(("algorithm", "kty"), [(ES256, "EC"), (EDDSA, "OKP")])
async def test_amina_makes_a_passkey_signs_in_with_it_and_shows_again_who_she_is(
    story: Story, passkeys: Passkeys, algorithm: int, kty: str
) -> None:
    device, amina = Authenticator(algorithm), story.amina
    kept = await made(passkeys, device, amina)
    [credential] = device.credentials.values()
    assert (kept.person, kept.kid, kept.id) == (amina.person, credential.kid, base64url(credential.id))
    assert kept.passkey(PLACE.rp).jwk == credential.jwk
    assert credential.jwk["kty"] == kty
    assert credential.user == UUID(amina.person).bytes
    assert await passkeys.sign_in(signed(passkeys, device), PLACE) == kept
    asked = await passkeys.options_to_show_again(amina.person, PLACE, WHOM)
    again = await passkeys.show_again(amina.person, device.sign_in(asked), PLACE, WHOM)
    assert again.sign_count == credential.count - 1  # as it was before this use
    [listed] = await passkeys.of(amina.person)
    assert (listed.sign_count, listed.transports) == (credential.count, ["internal"])
    assert listed.used_at is not None


async def test_the_options_ask_for_the_owner_and_tell_nobody_who_has_a_passkey(
    story: Story, passkeys: Passkeys
) -> None:
    device, amina = Authenticator(), story.amina
    kept = await made(passkeys, device, amina)
    options = await passkeys.options_to_make(amina.person, "", PLACE, WHOM)
    assert options["authenticatorSelection"] == {
        "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
    }  # fmt: skip
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-8, -7]
    assert [one["id"] for one in options["excludeCredentials"]] == [kept.id]
    assert (options["rp"]["id"], options["attestation"], options["timeout"]) == ("localhost", "none", 300_000)
    assert "Amina" not in str(options)
    for_anybody = passkeys.options_to_sign_in(PLACE)
    assert (for_anybody["allowCredentials"], for_anybody["userVerification"]) == ([], "required")
    challenges = {passkeys.options_to_sign_in(PLACE)["challenge"] for _ in range(100)}
    assert len(challenges) == 100


def altered(part: str, to: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda answer: {**answer, "response": {**answer["response"], part: to}}


NOT_MADE: dict[str, tuple[Browser, str]] = {
    "on another site": (ELSEWHERE, "another-place"),
    "at another port": (Browser("http://localhost:8001"), "another-place"),
    "inside a page of somebody else": (Browser(cross_origin=True), "another-place"),
    "for another site": (Browser(rp="ledger.example"), "another-place"),
    "by whoever was there": (Browser(flags=USER_PRESENT), "not-verified"),
    "by a machine alone": (Browser(flags=0x04), "key-type"),
    "for signing in": (Browser(type="webauthn.get"), "key-type"),
    "for a challenge of its own": (Browser(challenge=bytes(32)), "challenge"),
}


async def test_a_passkey_that_is_not_as_it_was_asked_for_is_not_kept(story: Story, passkeys: Passkeys) -> None:
    person = story.amina.person
    for title, (page, reason) in NOT_MADE.items():
        options = await passkeys.options_to_make(person, "", PLACE, WHOM)
        assert await refusal(
            passkeys.make(person, Authenticator().make(options, page), PLACE, "Phone", WHOM), reason
        ), title
    options = await passkeys.options_to_make(person, "", PLACE, WHOM)
    old = Authenticator(RS256).make(options)
    await refusal(passkeys.make(person, old, PLACE, "Phone", WHOM), "key-type")
    assert await passkeys.of(person) == []


async def test_the_challenge_of_one_session_makes_one_passkey_of_that_session(story: Story, passkeys: Passkeys) -> None:
    amina, device = story.amina.person, Authenticator()
    options = await passkeys.options_to_make(amina, "", PLACE, WHOM)
    answer = device.make(options)
    await refusal(passkeys.make(amina, answer, PLACE, "Phone", "another session"), "challenge")
    await passkeys.make(amina, answer, PLACE, "Phone", WHOM)
    await refusal(passkeys.make(amina, answer, PLACE, "Phone", WHOM), "challenge")
    twice = Authenticator(credentials=device.credentials)
    options = await passkeys.options_to_make(story.sam.person, "", PLACE, WHOM)
    [credential] = device.credentials.values()
    twice._fresh = lambda rp, user: credential  # type: ignore[method-assign]
    said = await refusal(passkeys.make(story.sam.person, twice.make(options), PLACE, "Mine", WHOM), "made-before")
    assert amina not in said
    assert await passkeys.of(story.sam.person) == []


async def test_a_name_is_something_that_can_be_seen(story: Story, passkeys: Passkeys) -> None:
    for name in ("", " ", "x" * 65, "a\0b", "a\nb", "\ud800", "a\u202eb"):
        options = await passkeys.options_to_make(story.amina.person, "", PLACE, WHOM)
        with pytest.raises(MalformedStatement, match="name"):
            await passkeys.make(story.amina.person, Authenticator().make(options), PLACE, name, WHOM)
    kept = await made(passkeys, Authenticator(), story.amina, "Aminas Händi \U0001f469\u200d\U0001f4bb")
    await passkeys.rename(kept.credential, "Old phone")
    [renamed] = await passkeys.of(story.amina.person)
    assert renamed.name == "Old phone"


async def test_a_person_has_at_most_twenty(story: Story, passkeys: Passkeys) -> None:
    for _ in range(MOST):
        kept = await made(passkeys, Authenticator(EDDSA), story.amina)
    await refusal(made(passkeys, Authenticator(), story.amina), "too-many")
    await passkeys.end(kept.credential)
    await made(passkeys, Authenticator(), story.amina)


async def test_whoever_is_not_let_in_hears_the_same_whatever_is_known(story: Story, passkeys: Passkeys) -> None:
    device = Authenticator(EDDSA)
    kept = await made(passkeys, device, story.amina)
    [mine] = device.credentials.values()
    stranger = Authenticator(EDDSA)
    made_elsewhere = stranger._fresh(PLACE.rp, UUID(story.amina.person).bytes)
    forged = Credential(mine.id, mine.rp, mine.user, EDDSA, made_elsewhere.private, count=mine.count)
    of_sam = Credential(mine.id, mine.rp, UUID(story.sam.person).bytes, EDDSA, mine.private, count=mine.count)
    nameless = altered("userHandle", None)(signed(passkeys, device))

    heard = [
        await refusal(passkeys.sign_in(answer, PLACE), "unknown")
        for answer in (
            signed(passkeys, stranger, credential=made_elsewhere),
            signed(passkeys, stranger, credential=forged),
            signed(passkeys, device, credential=of_sam),
            signed(passkeys, device, Browser(damage_signature=True)),
            signed(passkeys, device, Browser(type="webauthn.create")),
            signed(passkeys, device, Browser(flags=0x04)),
            nameless,
        )
    ]
    await passkeys.sign_in(signed(passkeys, device), PLACE)
    await passkeys.end(kept.credential)
    heard.append(await refusal(passkeys.sign_in(signed(passkeys, device), PLACE), "unknown"))
    assert len(set(heard)) == 1
    assert await passkeys.of(story.amina.person) == []


async def test_a_passkey_that_the_log_has_revoked_signs_nobody_in_whatever_the_table_says(
    story: Story, passkeys: Passkeys
) -> None:
    device = Authenticator()
    kept = await made(passkeys, device, story.amina)
    registrar, passkey = By(story.bert.person, "registrar"), kept.passkey(PLACE.rp)
    assert [one.kid for one in await passkeys.waiting()] == [kept.kid]
    await story.ledger.people.enrol_passkey(registrar, story.amina.person, passkey)
    assert await passkeys.waiting() == await passkeys.waiting(story.amina.person) == []
    await passkeys.sign_in(signed(passkeys, device), PLACE)
    said = PasskeyStatement.of(passkey, story.amina.person, "patient")
    await story.ledger.people.revoke_passkey(story.amina, story.amina.person, said, "lost")
    await refusal(passkeys.sign_in(signed(passkeys, device), PLACE), "unknown")


NOT_USED: dict[str, tuple[Browser, str]] = {
    title: told for title, told in NOT_MADE.items() if told[1] in ("another-place", "not-verified", "challenge")
}


async def test_what_somebody_can_do_something_about_is_told_and_whether_the_passkey_is_known_is_not(
    story: Story, passkeys: Passkeys
) -> None:
    device, stranger = Authenticator(), Authenticator()
    await made(passkeys, device, story.amina)
    unknown = stranger._fresh(PLACE.rp, UUID(story.amina.person).bytes)
    for title, (page, reason) in NOT_USED.items():
        known = await refusal(passkeys.sign_in(signed(passkeys, device, page), PLACE), reason)
        assert known == await refusal(passkeys.sign_in(signed(passkeys, stranger, page, credential=unknown), PLACE),
                                      reason), title  # fmt: skip
    answer = signed(passkeys, device)
    passkeys.clock.ahead = GOOD_FOR  # type: ignore[attr-defined]
    assert "older than five minutes" in await refusal(passkeys.sign_in(answer, PLACE), "challenge")
    answer = signed(passkeys, device)
    await passkeys.sign_in(answer, PLACE)
    assert "used" in await refusal(passkeys.sign_in(answer, PLACE), "challenge")


async def test_a_count_that_goes_back_tells_of_a_copy_and_no_count_at_all_does_not(
    story: Story, passkeys: Passkeys
) -> None:
    device, synchronised = Authenticator(), Authenticator(EDDSA, counts=False)
    await made(passkeys, device, story.amina)
    [mine] = device.credentials.values()
    copy = Credential(mine.id, mine.rp, mine.user, mine.algorithm, mine.private, count=mine.count)
    await passkeys.sign_in(signed(passkeys, device), PLACE)
    assert "two of it" in await refusal(passkeys.sign_in(signed(passkeys, device, credential=copy), PLACE), "copied")
    await passkeys.sign_in(signed(passkeys, device), PLACE)
    mine.counts, mine.count = False, 0
    await refusal(passkeys.sign_in(signed(passkeys, device), PLACE), "copied")
    await made(passkeys, synchronised, story.sam)
    for _ in range(3):
        await passkeys.sign_in(signed(passkeys, synchronised, Browser(flags=HONEST | 0x18)), PLACE)
    [kept] = await passkeys.of(story.sam.person)
    assert (kept.sign_count, kept.backed_up) == (0, True)


async def test_a_passkey_of_another_account_shows_nothing_again(story: Story, passkeys: Passkeys) -> None:
    of_amina, of_sam = Authenticator(), Authenticator()
    await made(passkeys, of_amina, story.amina)
    kept = await made(passkeys, of_sam, story.sam)
    options = await passkeys.options_to_show_again(story.amina.person, PLACE, WHOM)
    [allowed] = options["allowCredentials"]
    assert unbase64url(allowed["id"], "id") in of_amina.credentials
    answer = of_sam.sign_in(options, credential=of_sam.credentials[kept.credential])
    said = await refusal(passkeys.show_again(story.amina.person, answer, PLACE, WHOM), "another-account")
    assert "sign out" in said
    assert story.sam.person not in said
    answer = signed(passkeys, of_amina)
    await refusal(passkeys.show_again(story.amina.person, answer, PLACE, WHOM), "challenge")
    await refusal(passkeys.show_again(story.amina.person, of_amina.sign_in(options), PLACE, "another"), "challenge")


MALFORMED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda _: None,
    "a list": lambda _: [],
    "no answer": lambda answer: {**answer, "response": "none"},
    "no id": lambda answer: {name: value for name, value in answer.items() if name != "id"},
    "an id with padding": lambda answer: {**answer, "id": answer["id"] + "="},
    "a number for client data": altered("clientDataJSON", 7),
    "client data that are no JSON": altered("clientDataJSON", base64url(b"no JSON")),
    "client data that are a list": altered("clientDataJSON", base64url(b"[]")),
    "client data without end": altered("clientDataJSON", base64url(b"[" * 4000)),
    "short authenticator data": altered("authenticatorData", base64url(b"short")),
    "much": altered("signature", "A" * 20_000),
    "a text in another alphabet": altered("signature", "ü"),
    "a lone surrogate": altered("userHandle", "\ud800"),
}


async def test_what_no_browser_would_send_is_named_and_costs_no_challenge(story: Story, passkeys: Passkeys) -> None:
    device = Authenticator()
    await made(passkeys, device, story.amina)
    answer = signed(passkeys, device)
    for title, damage in MALFORMED.items():
        with pytest.raises(MalformedStatement, match="credential"):
            await passkeys.sign_in(damage(answer), PLACE)
        assert title
    await passkeys.sign_in(answer, PLACE)


def many_from_few(levels: int) -> bytes:
    """CBOR that doubles with each level: every list holds the one before twice, by reference."""
    lists = [b"\xd8\x1c\x82\x00\x00"]
    lists += [b"\xd8\x1c\x82" + 2 * (b"\xd8\x1d" + cbor2.dumps(level)) for level in range(levels)]
    return bytes([0x98, levels + 1]) + b"".join(lists)


def data_with(key: bytes, extensions: bytes = b"") -> bytes:
    """Authenticator data with a key, and extensions."""
    flags = HONEST | 0x40 | (0x80 if extensions else 0)
    return bytes(32) + bytes([flags]) + bytes(4) + bytes(16) + b"\0\1k" + key + extensions


KEY: Final = cbor2.dumps({1: 1, 3: -8, -1: 6, -2: bytes(32)})
# Longer than it need be, so that the library would go on reading within its last member.
LONG_KEY: Final = b"\xa1\x1b" + bytes(7) + b"\x01" + b"\x58\x40" + bytes(20) + many_from_few(6)[:44].ljust(44, b"\0")
DATA: Final[dict[str, bytes]] = {
    "a key that refers to itself": data_with(many_from_few(200)),
    "extensions that refer to themselves": data_with(KEY, many_from_few(200)),
    "extensions alone that refer to themselves": bytes(32) + bytes([HONEST | 0x80]) + bytes(4) + many_from_few(200),
    "a date for a key": data_with(b"\xc1\x00"),
    "a key within a key, five times": data_with(b"\x81" * 5 + b"\x00"),
    "a key of no length": data_with(b"\xbf\xff"),
    "a key of every length": data_with(b"\xbb" + b"\xff" * 8),
    "a key that ends early": data_with(b"\x58\x40ab"),
    "a key spelled at length": data_with(LONG_KEY),
    "bytes left over": data_with(KEY, KEY + KEY),
    "no key": data_with(b""),
}


async def test_what_an_authenticator_would_never_encode_costs_no_time(passkeys: Passkeys) -> None:
    device = Authenticator()
    device.make(await passkeys.options_to_make(str(UUID(int=7)), "", PLACE, WHOM))
    began = time.process_time()
    for title, data in DATA.items():
        answer = altered("authenticatorData", base64url(data))(signed(passkeys, device))
        with pytest.raises(MalformedStatement):
            await passkeys.sign_in(answer, PLACE)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        answer = altered("attestationObject", base64url(attestation))(answer)
        with pytest.raises(MalformedStatement):
            await passkeys.make(str(UUID(int=7)), answer, PLACE, title, WHOM)
    for attestation in (many_from_few(200), b"\xa0", b"\xa1\x68authData\x00", b""):
        answer = altered("attestationObject", base64url(attestation))(signed(passkeys, device))
        with pytest.raises(MalformedStatement):
            await passkeys.make(str(UUID(int=7)), answer, PLACE, "attested", WHOM)
    assert time.process_time() - began < 2


async def test_extensions_that_nobody_asked_for_do_no_harm(story: Story, passkeys: Passkeys) -> None:
    device = Authenticator()
    options = await passkeys.options_to_make(story.amina.person, "", PLACE, WHOM)
    answer = device.make(options)
    attested = cbor2.loads(unbase64url(answer["response"]["attestationObject"], "attestationObject"))
    data = bytearray(attested["authData"])
    data[32] |= 0x80
    attested["authData"] = bytes(data) + cbor2.dumps({"credProtect": 2})
    answer = altered("attestationObject", base64url(cbor2.dumps(attested)))(answer)
    await passkeys.make(story.amina.person, answer, PLACE, "Phone", WHOM)
    await passkeys.sign_in(signed(passkeys, device), PLACE)


def test_a_fingerprint_is_six_groups_of_four_digits_and_differs_with_every_key() -> None:
    assert fingerprint_of(KeyId("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")) == "2690 9130 9382 2917 2824 7078"
    assert len({fingerprint_of(KeyId(str(n))) for n in range(1000)}) == 1000


def test_the_guide_says_what_each_refusal_means() -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "use-passkeys.md"
    told = re.findall(r"^\| `([a-z-]+)` \|", guide.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(REASONS)
