"""Passkeys at the door: made, used, shown again, refused; and counted, so that a copy is noticed."""

import re
from collections.abc import Awaitable
from pathlib import Path
from uuid import UUID

import pytest

from api.sign_in.authenticators import REASONS, PasskeyRefused
from api.sign_in.once import GOOD_FOR
from api.sign_in.passkeys import MOST, Passkeys, fingerprint_of
from ledger.core.canonical import base64url, unbase64url
from ledger.core.errors import MalformedStatement
from ledger.core.keys import KeyId
from ledger.core.passkeys import PasskeyStatement
from ledger.saying import By
from tests.sign_in.at_the_door import PLACE, WHOM, altered, made, signed
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

ELSEWHERE = Browser("https://ledger.example")


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


def test_a_fingerprint_is_six_groups_of_four_digits_and_differs_with_every_key() -> None:
    assert fingerprint_of(KeyId("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")) == "2690 9130 9382 2917 2824 7078"
    assert len({fingerprint_of(KeyId(str(n))) for n in range(1000)}) == 1000


def test_the_guide_says_what_each_refusal_means() -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "use-passkeys.md"
    told = re.findall(r"^\| `([a-z-]+)` \|", guide.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(REASONS)
