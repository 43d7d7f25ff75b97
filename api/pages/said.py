"""Said: what a page says of one's own statement after it was sent: what was done, what comes next, whose signature."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final

from fastapi import Query

from api.http.service import Call
from api.pages.language import due_day, marked
from api.pages.language import gettext as _
from ledger.core.entry import read_entry
from ledger.core.errors import MalformedStatement
from ledger.core.instants import format_instant
from ledger.core.shapes import uuid
from projections.views.signed import custody_of

AskedSaid = Annotated[str | None, Query(max_length=64)]
"""The id of what was just said, in a handler's parameters."""
MEMBER: Final = "said"
DONE: Final[Mapping[str, str]] = {
    "item-amended": marked("Your new words are in the record. The old ones stay beside them."),
    "item-marked-in-error": marked("Marked as a mistake. The words stay in the record."),
    "item-topics-set": marked("The topics are changed."),
    "agreement-stated": marked("Your answer stands beside the entry."),
    "dispute-answered": marked("Your answer is sent. The patient can read it."),
    "dispute-reviewed": marked("Your decision is sent. The patient can read it."),
    "withholding-made": marked("It is kept back from now on."),
    "withholding-lifted": marked("It is not kept back any more."),
    "result-held": marked("The result is held back until the day that you chose."),
    "result-released": marked("The result is open now."),
    "leave-asked": marked("Your question is sent. The carer can answer it."),
    "wish-signed": marked("Signed. It counts from now on."),
    "wish-reviewed": marked("Your answer stands with the statement."),
    "wish-withdrawn": marked("Withdrawn. It does not count any more."),
    "access-questioned": marked("Sent. You will find the answer here."),
    "access-answered": marked("Your answer is sent. The patient can read it."),
    "emergency-opened": marked("The record is open to you."),
    "emergency-reviewed": marked("Your review is recorded. The patient can read it."),
    "notice-delayed": marked("The patient is told later."),
    "capacity-assessed": marked("The assessment is recorded."),
    "capacity-withdrawn": marked("The assessment does not hold any more."),
    "carer-conversation-held": marked("The talk is recorded."),
}
"""What was done, by the name of the type of what was said. What was added is told by the page on which it stands."""
_RECORDED: Final = marked("It is recorded.")
Item = Mapping[str, Any]


async def said_of(call: Call, statement: str | None, among: Iterable[Item] = ()) -> Mapping[str, Any] | None:
    """What one's own statement did, where it stands, and whose signature it carries; None for what is not there.

    ``among``: the items on the page, where one of them may be what was added. ``record/said.html`` shows it, under the
    name ``said``.
    """
    try:
        uuid(MEMBER, statement)
    except MalformedStatement:
        return None
    person = call.session.person
    position = await call.ledger.rows.position_of(person, str(statement))
    if position is None:
        return None
    [(_position, entry)] = await call.ledger.rows.entries_of(person, position + 1, 1)
    read = read_entry(entry)
    signer = (person, read.signed.kid)
    recorded_at = format_instant(read.recorded_at)
    name = read.signed.statement.type.partition("/")[0]
    when = (person, recorded_at)
    added = next((one for one in _all_of(among) if (one["author"]["id"], one["recorded_at"]) == when), {})
    return {
        "author": person,
        "statement": str(statement),
        "type": name,
        "position": position,
        "recorded_at": recorded_at,
        "custody": (await custody_of(call.ledger, [signer]))[signer],
        "done": _added(call, added) if name == "item-added" else _(DONE.get(name, _RECORDED)),
    }


def kept_as_a_draft(call: Call) -> str:
    """What is told of an advance statement that nobody has signed yet."""
    if call.session.acting_as == "patient":
        return _("Kept as a draft. Nobody acts on it until you sign it.")
    return _("Kept as a draft. Nobody acts on it until the patient signs it.")


def _added(call: Call, item: Item) -> str:
    own = call.session.acting_as == "patient"
    if item.get("concern") == "dispute" and item.get("due"):
        return _("Sent. The team that wrote it must answer by %(day)s.") % {"day": due_day(item["due"])}
    if item.get("kind") == "comment":
        return _("Your comment is added.")
    if item.get("kind") == "reading":
        return _("Your reading is added.") if own else _("The reading is added.")
    if item.get("kind") == "wishes":
        return kept_as_a_draft(call)
    return _("Added to your record.") if own else _("Added to the record.")


def _all_of(items: Iterable[Item]) -> Iterator[Item]:
    """Items, each with what was said about it."""
    for item in items:
        yield item
        yield from _all_of(item["children"])
