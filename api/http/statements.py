"""Statements that their authors have signed, and the receipts of what was admitted."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http.answers import answered, json_answer
from api.http.bodies import Body, InPath, reads, shown_as
from api.http.fresh import check_fresh
from api.http.operations import example, problems, writes
from api.http.problems import NO_WITNESSES, NOT_WITNESSED, Problem, Refused
from api.http.service import Call, Calling, Service, check_still_signed_in
from api.http.taking_back import check_takes_back
from api.sign_in.session import SignInRefused
from ledger.core import canonical, statement
from ledger.core.assertions import Assertion
from ledger.core.keys import KeyStatement
from ledger.core.sealing import SALT_SIZE, Opening
from ledger.domain.errors import NotAllowed, Unknown
from ledger.domain.stream import Submission
from ledger.store.receipts import Standing, nobody_witnesses
from ledger.use_cases.trail import Asked
from projections.timeline import ABOUT_ITEMS
from projections.views.audience import read_by

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
    await _use_nonce(call, submission)
    answer = await call.ledger.submit(submission)
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


_RECEIPT: Final = {
    "standing": "witnessed",
    "receipt": {
        "entry": '{"recorded_at":"2026-05-03T09:00:00.000Z",…}',
        "proof": "c2sp.org/tlog-proof@v1\nindex 73894\n…",
    },
}


class AskedReceipt(BaseModel):
    """The query of a receipt: what its checkpoint must have."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    standing: Standing | None = Field(default=None, description="The best there is, if left out.")


@router.get(
    "/statements/{author}/{statement_id}/receipt",
    operation_id="statements.receipt",
    summary="statements.receipt",
    response_class=Response,
    response_model=None,
    responses={
        200: example("StandingReceipt", _RECEIPT, "The receipt"),
        **problems(401, 403, 404, 409, 422, 503),
    },
    openapi_extra={"security": [{"bearer": []}]},
)
async def receipt(
    call: Calling, author: InPath, statement_id: InPath, asked: Annotated[AskedReceipt, Query()]
) -> Response:
    """The receipt of one's own statement; for patients, also of what they are shown about their items.

    Under the newest checkpoint that is witnessed, once one covers it, or else the newest that the log has signed.
    A patient's look at what another said is recorded as any look is.
    """
    position = await call.ledger.rows.position_of(author, statement_id)
    if position is None or not (author == call.session.person or await _is_shown(call, position)):
        raise Unknown(f"statement {statement_id}: there is no such statement of yours; check the ids")
    is_witnessed = nobody_witnesses if asked.standing == "recorded" else call.service.is_witnessed
    found = await call.ledger.receipts.standing_at(position, is_witnessed)
    if asked.standing == "witnessed" and found.standing != "witnessed":
        raise Refused(_not_yet(call.service, position))
    return json_answer(found.as_json())


def _not_yet(service: Service, position: int) -> Problem:
    """What to say of a receipt that is to be witnessed and is not."""
    if service.policy is None:
        detail = "standing: got witnessed, wanted recorded, because this log names no witnesses; ask for that"
        return Problem(NO_WITNESSES, detail)
    detail = (
        f"receipt: too few witnesses have cosigned a checkpoint that covers position {position} yet; ask again in a "
        "few seconds, or take the one that the log has signed with standing=recorded"
    )
    return Problem(NOT_WITNESSED, detail)


async def _is_shown(call: Call, position: int) -> bool:
    """Whether a patient's view shows a statement that another made: decided, and recorded, as the view itself is."""
    if call.session.acting_as != "patient":
        return False
    [said] = await call.ledger.read(position, 1)
    await call.service.caught_up()
    own = {listed.record for listed in await call.service.directory.own_record(call.session.person)}
    if said.type not in ABOUT_ITEMS or said.facts["record"] not in own:
        return False
    asked = Asked(said.facts["record"], "own-record", item=said.facts["item"])
    # A refusal would be a line of their own trail, which asking for what is not there leaves none of.
    if not await call.ledger.trail.visible(call.by(), asked, {said.facts["item"]}):
        return False
    try:
        disclosure = await call.ledger.trail.open(call.by(), asked)
    except Unknown:
        return False
    await check_still_signed_in(call)
    shown = [one for one in disclosure.thread() if position in one.positions]
    about = await call.service.timeline.at([position], disclosure.as_of) if shown else {}
    return any(read_by("patient", disclosure, one, about.get(one.item, ())) for one in shown)
