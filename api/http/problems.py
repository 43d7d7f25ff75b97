"""Problems: the one table from an error to what a client is told (RFC 9457).

A detail says what was got, what was wanted and what to do next. What nobody foresaw is told by an id only, under
which the log names the error's type and place, never its message: that could hold words.
"""

import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from fastapi.exceptions import RequestValidationError
from psycopg import OperationalError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.sign_in.authenticators import PasskeyRefused
from api.sign_in.session import SignInRefused
from api.sign_in.throttle import TooMany
from ledger.core.errors import BadAssertion, BadCommitment, BadSignature, CoreError, MalformedStatement, WeakKey
from ledger.core.explanations import why_refused
from ledger.core.key_history import KeyNotInForce
from ledger.core.vouching import NotAssured
from ledger.domain.errors import DomainError, NotAllowed, NotPossible, Unknown
from ledger.store.errors import AlreadySaid, Conflict, NotPublished, NotRecorded, StoreError
from projections.errors import NotFollowed, ProjectionError

MEDIA_TYPE: Final = "application/problem+json"
_log: Final = logging.getLogger("record_ledger.problems")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: the last part of its ``type``, its status, and its title."""

    name: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """The URI that names the kind."""
        return f"urn:record-ledger:problem:{self.name}"


MALFORMED: Final = Kind("malformed", 422, "Something in the request is not what it should be")
SIGN_IN: Final = Kind("sign-in", 401, "You are not signed in")
SIGN_IN_AGAIN: Final = Kind("sign-in-again", 401, "Show again who you are")
READS_ONLY: Final = Kind("reads-only", 403, "This token may only read")
CROSS_SITE: Final = Kind("cross-site", 403, "Another site may not do this in your name")
TOO_MANY: Final = Kind("too-many", 429, "There were too many attempts")
NOT_ALLOWED: Final = Kind("not-allowed", 403, "You may not do this")
UNKNOWN: Final = Kind("unknown", 404, "Nothing is there for you")
ALREADY_SAID: Final = Kind("already-said", 409, "This id was used for something else")
TOO_LARGE: Final = Kind("too-large", 413, "The request is too large")
MEDIA: Final = Kind("media-type", 415, "The body is of another type than it may be")
CURSOR: Final = Kind("cursor", 400, "The cursor does not fit")
BUSY: Final = Kind("busy", 503, "The ledger could not answer in time")
NO_SUCH_TILE: Final = Kind("no-such-tile", 404, "The tree has no such part")
NOT_WITNESSED: Final = Kind("not-witnessed", 503, "Too few witnesses have cosigned yet")
NO_WITNESSES: Final = Kind("no-witnesses", 409, "This log has no witnesses")
NOT_RECORDED: Final = Kind("not-recorded", 503, "The ledger cannot record, so nothing was admitted or shown")
INTERNAL: Final = Kind("internal", 500, "Something is wrong here")
OF_STATUS: Final[Mapping[int, Kind]] = {
    404: Kind("no-such-place", 404, "There is no such place in this API"),
    405: Kind("method", 405, "This place does not answer that method"),
}

TABLE: Final[Mapping[type[Exception], Kind]] = {
    MalformedStatement: MALFORMED,
    BadCommitment: Kind("commitment", 422, "The content does not open the commitment that was signed"),
    BadSignature: Kind("signature", 422, "The signature does not fit"),
    NotAssured: Kind("not-assured", 403, "This needs your passkey's word, given for it alone"),
    BadAssertion: Kind("assertion", 422, "The passkey did not assert this"),
    WeakKey: Kind("weak-key", 422, "No honest author would have this key"),
    KeyNotInForce: Kind("key-not-in-force", 403, "The key does not speak for the author"),
    NotPossible: Kind("not-possible", 409, "This does not follow from what was said before"),
    NotAllowed: NOT_ALLOWED,
    Unknown: UNKNOWN,
    AlreadySaid: ALREADY_SAID,
    Conflict: BUSY,
    NotRecorded: NOT_RECORDED,
    NotPublished: NO_SUCH_TILE,
    NotFollowed: BUSY,
    TimeoutError: BUSY,
    SignInRefused: SIGN_IN,
    PasskeyRefused: Kind("passkey", 403, "This passkey is refused"),
    TooMany: TOO_MANY,
    # Whether somebody is let in cannot be asked: so nobody is.
    OperationalError: NOT_RECORDED,
    # The rest of each family is no client's doing: something kept here is not what it should be.
    CoreError: INTERNAL,
    DomainError: INTERNAL,
    StoreError: INTERNAL,
    ProjectionError: INTERNAL,
}

_OF_SIGN_IN: Final[Mapping[str, Kind]] = {
    "invalid_request": Kind("sign-in-refused", 422, "This does not let you in"),
    "invalid_scope": NOT_ALLOWED,
    "insufficient_scope": READS_ONLY,
}
"""What is not answered by signing in again, by the code of the refusal."""
_BEARER_ERRORS: Final[Mapping[int, str]] = {401: "invalid_token", 403: "insufficient_scope"}
"""RFC 6750, section 3.1."""
_NOBODY_OR_NOTHING: Final = frozenset({"no-role", "unknown-record"})
_NOTHING_THERE: Final = frozenset({"unknown-item"})
_PATH: Final = re.compile(r"(?:(?:facts|words|payload)(?:\.|$))?([A-Za-z0-9_.\[\]-]*)")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: its kind, what was got, wanted and comes next, and further members.

    ``challenge`` is what ``WWW-Authenticate`` says, where it is not the usual of the kind.
    """

    kind: Kind
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)
    challenge: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The members of RFC 9457, section 3.1. A lone surrogate that was sent is shown as ``?``."""
        return {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail.encode("utf-8", "replace").decode(),
            **self.members,
        }

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """The answer, with when to try again where that may help."""
        more = {"retry-after": "1"} if self.kind.status == 503 else {}
        if "retry_after" in self.members:
            more["retry-after"] = str(self.members["retry_after"])
        if self.kind.status == 401 or self.kind is READS_ONLY:
            more["www-authenticate"] = self.challenge or f'Bearer error="{_BEARER_ERRORS[self.kind.status]}"'
        return Response(orjson.dumps(self.as_json()), self.kind.status, {**more, **(headers or {})}, MEDIA_TYPE)


class Refused(Exception):
    """A request that this API refuses by itself, with the problem to answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def problem_of(error: Exception) -> Problem:
    """What a client is told of an error."""
    if isinstance(error, Refused):
        return error.problem
    kind = next((TABLE[family] for family in type(error).__mro__ if family in TABLE), INTERNAL)
    if kind is INTERNAL:
        return unforeseen(error)
    if isinstance(error, NotAllowed):
        return _not_allowed(error)
    if isinstance(error, OperationalError):
        return Problem(kind, "database: got no answer; nobody is let in until it is back; ask again")
    if isinstance(error, SignInRefused):
        return Problem(_OF_SIGN_IN.get(error.error, kind), str(error), _members(error))
    return Problem(kind, str(error) or "got no answer in time; ask again", _members(error))


def _members(error: Exception) -> dict[str, Any]:
    """What is told besides in members that a program reads."""
    if isinstance(error, MalformedStatement):
        return {"errors": [{"pointer": _pointer(error.what), "wanted": error.wanted}]}
    if isinstance(error, PasskeyRefused):
        return {"reason": error.reason}
    return {"retry_after": error.after} if isinstance(error, TooMany) else {}


def problem_of_validation(error: ValidationError | RequestValidationError) -> Problem:
    """Every member that has another shape than the operation's body or parameters."""
    faults = [
        {"pointer": _join(fault["loc"]), "got": _got(fault), "wanted": _wanted(fault)} for fault in error.errors()
    ]
    first = faults[0]
    detail = (
        f"{first['pointer'] or 'body'}: got {first['got']}, wanted {first['wanted']}; the API's document has examples"
    )
    return Problem(MALFORMED, detail, {"errors": faults})


def problem_of_http(error: HTTPException) -> Problem:
    """What the router refuses."""
    kind = OF_STATUS.get(error.status_code)
    if kind is None:
        return unforeseen(error)
    allowed = (error.headers or {}).get("Allow")
    wanted = f"{allowed} here" if allowed else "a path that GET /openapi.json names"
    return Problem(kind, f"got a {kind.name.replace('-', ' ')} that is not served, wanted {wanted}")


def unforeseen(error: BaseException) -> Problem:
    """Log an error that no client could foresee under a fresh id, and tell the id."""
    name, place = secrets.token_hex(8), error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
    _log.error("problem %s: %s at %s", name, type(error).__qualname__, where)
    return Problem(INTERNAL, f"the service's log has more under {name}; tell its keeper", {"id": name})


def _not_allowed(error: NotAllowed) -> Problem:
    """A refusal by a rule. Where the rule would tell whether something exists, it is not named."""
    if error.rule in _NOBODY_OR_NOTHING:
        detail = "got a record that is not there for you, or a role that is not yours; check the id and the scope"
        return Problem(NOT_ALLOWED, detail, _explained("no-role"))
    if error.rule in _NOTHING_THERE:
        return Problem(UNKNOWN, "got an item that is not there for you, wanted one of this record; check the id")
    if error.rule == "too-late":
        return Problem(BUSY, str(error))
    return Problem(NOT_ALLOWED, str(error), _explained(error.rule))


def _explained(rule: str) -> dict[str, str]:
    """The rule that refused, and in plain words what that means and what to do next."""
    told = why_refused(rule).told
    return {"rule": rule} if told is None else {"rule": rule, "explanation": told}


def _pointer(what: str) -> str:
    """A JSON pointer (RFC 6901) into the body from the name that the core gives a member; empty for the whole."""
    found = _PATH.fullmatch(what)
    return "" if found is None or not found[1] else "/" + found[1].replace("[", "/").replace("]", "").replace(".", "/")


def _join(location: tuple[int | str, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _got(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "missing":
        return "nothing"
    if fault["type"] == "json_invalid":
        return "bytes that are not JSON"
    shown = repr(fault["input"])
    return shown if len(shown) <= 80 else shown[:77] + "..."


def _wanted(fault: Mapping[str, Any]) -> str:
    return {"missing": "a value", "extra_forbidden": "no such member"}.get(fault["type"], str(fault["msg"]))
