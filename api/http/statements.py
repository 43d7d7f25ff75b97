"""Statements that their authors have signed, and the receipts of what was admitted."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.http.answers import answered, json_answer
from api.http.bodies import Body, InPath, reads, shown_as
from api.http.operations import shows, writes
from api.http.service import Calling
from ledger.core import canonical, statement
from ledger.core.sealing import SALT_SIZE, Opening
from ledger.domain.errors import NotAllowed, Unknown
from ledger.domain.stream import Submission

router: Final = APIRouter(tags=["statements"])
_SALT: Final = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


class Part(BaseModel):
    """What opens a commitment: the salt (32 bytes in base64url) and the body."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    salt: str
    body: dict[str, Any]

    def opening(self, what: str) -> Opening:
        """The opening; raises MalformedStatement for what has no canonical form."""
        return Opening(canonical.unbase64url(self.salt, f"{what}.salt", size=SALT_SIZE), canonical.encode(self.body))


class Signed(Body):
    """A statement as a compact JWS, and what opens its commitments (``docs/reference/format.md``)."""

    model_config = shown_as(
        statement="eyJhbGciOiJFZDI1NTE5IiwiZ…",
        facts={"salt": _SALT, "body": {"record": "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de", "wish": "at-once"}},
        words=None,
    )
    statement: str
    facts: Part
    words: Part | None = None

    def submission(self) -> Submission:
        """The submission; raises MalformedStatement on the first thing that no formatter would have emitted."""
        words = None if self.words is None else self.words.opening("words")
        return Submission(statement.parse(self.statement), self.facts.opening("facts"), words)


@writes(router, "/statements", "statements.submit")
async def submit(call: Calling, body: Annotated[Signed, reads(Signed)]) -> Response:
    """Admit a statement that its author, who is signed in, has signed with a key of their own."""
    submission = body.submission()
    author = submission.signed.statement.author
    if author != call.session.person:
        raise NotAllowed(
            f"author: got {author}, wanted the one who is signed in; sign in as the author", "not-the-author"
        )
    answer = await call.ledger.submit(submission)
    if submission.signed.statement.public is not None:
        # Tokens rest on the cached keys: reading them afresh ends those of a key that was just revoked.
        await call.ledger.facts.person(str(answer.facts["person"]), fresh=True)
    return answered(answer)


_RECEIPT: Final = {
    "entry": '{"recorded_at":"2026-05-03T09:00:00.000Z",…}',
    "proof": "c2sp.org/tlog-proof@v1\nindex 73894\n…",
}


@shows(router, "/statements/{author}/{statement_id}/receipt", "statements.receipt", _RECEIPT)
async def receipt(call: Calling, author: InPath, statement_id: InPath) -> Response:
    """The receipt of one's own statement, under the latest checkpoint."""
    position = await call.ledger.rows.position_of(author, statement_id) if author == call.session.person else None
    if position is None:
        raise Unknown(f"statement {statement_id}: there is no such statement of yours; check the ids")
    return json_answer((await call.ledger.receipts.receipt_at(position)).as_json())
