"""A service that lies: with every secret that it has, it can say nothing under a key that only the author can use."""

import os

import pytest

from ledger.core.errors import BadAssertion, BadSignature
from ledger.core.keys import KeyId, KeyStatement, Signer, SigningKey
from ledger.core.sealing import Opening
from ledger.core.statement import SignedStatement, parse, sign
from ledger.domain.errors import NotAllowed
from ledger.domain.stream import Submission
from ledger.saying import By
from tests.http.served import Served
from tests.sign_in.signing_page import SigningPage
from tests.sign_in.test_session_keys import page_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Claiming:
    """Signs with a key that the service has, and claims that it was another."""

    def __init__(self, kid: KeyId, held: Signer) -> None:
        self.kid, self._held = kid, held

    def sign(self, message: bytes) -> bytes:
        return self._held.sign(message)


async def submit(house: Served, signed: SignedStatement, facts: Opening) -> None:
    """As the service itself could: past the door, at the ledger."""
    await house.story.ledger.submit(Submission(signed, facts, None))


async def test_it_signs_nothing_with_the_key_of_a_page(house: Served) -> None:
    amina, ledger = house.story.amina, house.story.ledger
    async with page_of(house, amina) as page:
        hers, facts = page.signed("results-wish-stated/1", {"record": house.story.record, "wish": "at-once"})
        before = await house.size()
        for held in (ledger.keyring.signer_for(amina.person, 0), SigningKey(os.urandom(32))):
            forged = sign(hers.statement, Claiming(page.key.kid, held))
            with pytest.raises(BadSignature):
                await submit(house, forged, facts)
        assert await house.size() == before
        await submit(house, hers, facts)
        assert await house.said(before) == ["results-wish-stated/1"]


async def test_it_enrols_no_key_in_her_name(house: Served) -> None:
    amina, people = house.story.amina, house.story.ledger.people
    async with page_of(house, amina) as page:
        false = SigningKey(os.urandom(32))
        for by in (amina, By(house.story.ledger.keyring.service, "service")):
            with pytest.raises(NotAllowed):
                await people.enrol_key(by, amina.person, false.public)
        certified = await _certified(page)
        mine = SigningPage(page.browser, page.by, page.device, page.credential, false)
        public = KeyStatement(false.public, "author", certified.not_after, certified.evidence)
        signed, facts = mine.signed("key-enrolled/1", {"person": amina.person, "kid": false.kid}, public)
        with pytest.raises(BadAssertion):  # her passkey certified another key
            await submit(house, signed, facts)


async def _certified(page: SigningPage) -> KeyStatement:
    """What her passkey says of the key of her page."""
    public = parse((await page.certificate())["statement"]).statement.public
    assert isinstance(public, KeyStatement)
    return public
