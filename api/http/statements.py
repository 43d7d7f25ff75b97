"""Statements that their authors have signed."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.http.answers import answered
from api.http.bodies import Body, reads, shown_as
from api.http.fresh import check_fresh
from api.http.operations import writes
from api.http.service import Call, Calling
from api.http.taking_back import check_takes_back
from api.http.told import check_untold
from api.sign_in.session import SignInRefused
from ledger.core import canonical, statement
from ledger.core.assertions import Assertion
from ledger.core.keys import KeyStatement
from ledger.core.sealing import SALT_SIZE, Opening
from ledger.domain.errors import NotAllowed
from ledger.domain.stream import Submission

router: Final = APIRouter(tags=["statements"])
_OF_KEYS: Final = frozenset({"key-enrolled/1", "key-revoked/1", "passkey-enrolled/1", "passkey-revoked/1"})
SAID_BY: Final = {
    "emergency-item-opened/1": "sharing.open_emergency_item",
    "notice-delayed/1": "sharing.delay_notice",
    "death-recorded/1": "representation.record_death",
    "content-erased/1": "erasing.erase",
}
"""What takes no assertion, and asks for a passkey used lately where an operation says it: signed it asks as well."""
_SALT: Final = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


class Part(BaseModel):
    """What opens a commitment: the salt (32 bytes in base64url) and the body."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    salt: str
    body: dict[str, Any]

    def opening(self, what: str) -> Opening:
        """The opening; raises MalformedStatement for what has no canonical form."""
        return Opening(canonical.unbase64url(self.salt, f"{what}.salt", size=SALT_SIZE), canonical.encode(self.body))


class Asserted(BaseModel):
    """By what a passkey assures a statement of high stakes, each member in base64url without padding (WebAuthn)."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    credential: str
    nonce: str
    authenticator_data: str
    client_data: str
    signature: str


class Signed(Body):
    """A statement as a compact JWS, what opens its commitments, and an ``assertion`` where it needs one.

    ``docs/reference/format.md`` has both.
    """

    model_config = shown_as(
        statement="eyJhbGciOiJFZDI1NTE5IiwiZ…",
        facts={"salt": _SALT, "body": {"record": "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de", "wish": "at-once"}},
        words=None,
    )
    statement: str
    facts: Part
    words: Part | None = None
    assertion: Asserted | None = None

    def submission(self) -> Submission:
        """The submission; raises MalformedStatement on the first thing that no formatter would have emitted."""
        words = None if self.words is None else self.words.opening("words")
        assertion = None if self.assertion is None else Assertion.from_json(self.assertion.model_dump())
        return Submission(statement.parse(self.statement), self.facts.opening("facts"), words, assertion)


@writes(router, "/statements", "statements.submit")
async def submit(request: Request, call: Calling, body: Annotated[Signed, reads(Signed)]) -> Response:
    """Admit a statement that its author, who is signed in, has signed with a key of their own."""
    submission = body.submission()
    # Where the bodies have no shape of this type, that it was tried is on the trail of the record that they name.
    request.state.record, request.state.attempted = body.facts.body.get("record"), submission.signed.statement.type
    author = submission.signed.statement.author
    if author != call.session.person:
        raise NotAllowed(
            f"author: got {author}, wanted the one who is signed in; sign in as the author", "not-the-author"
        )
    check_fresh(call.session, SAID_BY.get(submission.signed.statement.type), call.service.doors.sessions.clock())
    if submission.signed.statement.type == "directive-withdrawn/1":
        await _check_takes_back(call, body.facts.body)
    if submission.signed.statement.type == "notice-delayed/1":
        await check_untold(call, body.facts.body.get("record"), body.facts.body.get("emergency"))
    await _use_nonce(call, submission)
    answer = await call.ledger.submit(submission, call.purpose)
    if submission.signed.statement.type in _OF_KEYS:
        # Tokens rest on the cached keys: reading them afresh ends those of a key that was just revoked.
        await call.ledger.facts.person(str(answer.facts["person"]), fresh=True)
    return answered(answer)


async def _check_takes_back(call: Call, facts: Mapping[str, Any]) -> None:
    """As the operation does that withdraws; facts without a shape are the ledger's to refuse."""
    record, directive = facts.get("record"), facts.get("directive")
    if isinstance(record, str) and isinstance(directive, str):
        await check_takes_back(call, record, directive)


async def _use_nonce(call: Call, submission: Submission) -> None:
    """Use up the nonce that a passkey signed, which was given to this very session; raises SignInRefused.

    A statement that was admitted before is answered with its first receipt, whatever became of its nonce.
    """
    said, asserted, purpose = submission.signed.statement, submission.assertion, "statement"
    if said.type == "key-enrolled/1" and isinstance(said.public, KeyStatement) and said.public.assertion is not None:
        asserted, purpose = said.public.assertion, "session-key"
    admitted, once = partial(call.ledger.rows.position_of, said.author, said.id), call.service.doors.once
    if asserted is None or await admitted() is not None:
        return
    try:
        await once.use(asserted.nonce, purpose, call.session.id or "no session of a browser")
    except SignInRefused:
        if await admitted() is None:  # else the same was sent twice at once, and the other came first
            raise
