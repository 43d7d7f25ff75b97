"""Whether what a bundle shows is what its opened statements say: ``record.json`` and ``fhir.json``.

Every item shown was added by one of the statements, with these words, by this author, at this time; every amendment is
one, in order; marks of errors, agreements, answers, erasures and how a wish stands are the last that was said;
nothing that was opened is left out; and every other text stands in a statement about that item. In
``fhir.json`` every text stands in ``record.json``, and every signature is that of one of the statements.

What no statement says is left aside: by which rule something is shown, the sentence that explains the rule, and the
marks of what is kept back. For these the service's signature over the bundle has to do.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.instants import format_instant
from ledger.core.keys import Custody
from ledger.core.statement import SignedStatement
from ledger.core.terms import KINDS
from ledger.verify.bundle_form import FHIR, RECORD, BundleError

_CORE: Final = ("kind", "parent", "concern", "title", "text", "data", "quote", "author", "made_at", "recorded_at")
_ALONE: Final = ("parent", "concern", "quote")
"""None where what an item answers is not shown."""
_UNSAID: Final = frozenset({"rule", "because", "ends", "state"})
"""Members that follow from the disclosure rule or the calendar: no statement about the item says them."""
_PAGE_MEMBERS: Final = frozenset({"disclosure", "record", "patient", "opened_at", "items", "sealed", "more", "why"})
_WORDS_IN_FHIR: Final = frozenset(
    {"text", "contentString", "description", "summary", "title", "valueString", "display", "name", "unit", "div"}
)
"""Members of FHIR resources that are for people to read: each must be said in ``record.json``."""
_CODE: Final = re.compile(r"[!-~]*")
_NOT_IN_FHIR: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LABELS: Final = frozenset(KINDS)


@dataclass(frozen=True, slots=True)
class Told:
    """One opened statement. ``words`` is None where it has none, they are not for this reader, or they are erased.

    ``custody``: who holds the key that signed it; None where nothing in the bundle says so.
    """

    position: int
    recorded_at: str
    signed: SignedStatement
    custody: Custody | None
    facts: Mapping[str, Any]
    words: Mapping[str, Any] | None

    @property
    def type(self) -> str:
        """Its type."""
        return self.signed.statement.type

    def author(self, names: Mapping[str, str]) -> dict[str, str | None]:
        """Who said it, and whose key signed it, as views show it."""
        said = self.signed.statement
        by = {"id": said.author, "name": names.get(said.author), "acting_as": said.acting_as}
        return {**by, "signed": self.custody}

    @property
    def made_at(self) -> str:
        """When, by the author's clock."""
        return format_instant(self.signed.statement.made_at)

    def strings(self) -> Iterator[str]:
        """Every text in it: in its facts, its words, and about itself."""
        yield from strings_in([self.facts, self.words])
        yield from (self.made_at, self.recorded_at, self.signed.statement.author, self.signed.statement.acting_as)
        if self.custody is not None:
            yield self.custody


def parse_written(data: bytes, name: str) -> Any:
    """The value of JSON as the export writes it. Raises BundleError for any other bytes of the same value."""
    try:
        value = json.loads(data)
        written = write_json(value)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name}: got no JSON that can be read ({error})") from error
    if written != data:
        raise BundleError(f"{name}: got JSON in another spelling than an export's, or a member twice")
    return value


def write_json(value: Any) -> bytes:
    """The bytes of ``record.json`` and ``fhir.json``."""
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def fhir_string(text: str) -> str:
    """A text as FHIR can carry it: control characters that its strings must not have become U+FFFD (R4, string)."""
    return _NOT_IN_FHIR.sub("\ufffd", text)


def strings_in(value: Any) -> Iterator[str]:
    """Every text in a value, member names left aside."""
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, str):
            yield inner
        elif isinstance(inner, Mapping):
            waiting.extend(inner.values())
        elif isinstance(inner, list | tuple):
            waiting.extend(inner)


def names_of(people: Sequence[Told]) -> dict[str, str]:
    """Who is registered by which name; the first registration counts."""
    names: dict[str, str] = {}
    for told in people:
        if told.words is not None:
            names.setdefault(told.facts["person"], told.words["name"])
    return names


def items_of(pages: Any) -> list[Mapping[str, Any]]:
    """Every item of the pages, comments among them."""
    return [item for page in pages for item in _thread(page["items"])]


def check_record(pages: Any, statements: Sequence[Told], names: Mapping[str, str]) -> None:
    """Check ``record.json``. Raises BundleError with the first item that differs from what was said."""
    by_item: dict[str, list[Told]] = {}
    for told in statements:
        by_item.setdefault(told.facts["item"], []).append(told)
    try:
        shown = items_of(_checked_pages(pages, statements, names))
        for item in shown:
            _check_item(item, by_item.get(item["id"], []), names)
            _check_nested(item)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(f"{RECORD}: got another shape than a view's ({error!r}), wanted pages with items") from error
    ids = [item["id"] for item in shown]
    if len(set(ids)) != len(ids) or set(ids) != by_item.keys():
        differ = sorted(set(ids) ^ by_item.keys()) or ids
        raise BundleError(f"{RECORD}: got other items than were opened, or one twice ({', '.join(differ[:3])})")


def check_fhir(bundle: Any, pages: Any, statements: Sequence[Told]) -> None:
    """Check ``fhir.json`` against ``record.json`` and the signatures.

    Raises BundleError with the first text that is not said there.
    """
    said = {*strings_in(pages), *_said_in_items(pages), *_LABELS}
    said |= set(map(fhir_string, said))
    signed = {told.signed.jws for told in statements}
    try:
        for entry in bundle["entry"]:
            resource = entry["resource"]
            if entry["fullUrl"] != (wanted := f"urn:uuid:{resource['id']}"):
                raise BundleError(f"{FHIR}: got fullUrl {_short(entry['fullUrl'])}, wanted {wanted}")
            for member, text in _leaves(resource, ""):
                _check_leaf(resource["resourceType"], member, text, said, signed)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(f"{FHIR}: got another shape ({error!r}), wanted a Bundle with resources") from error


def _checked_pages(pages: Any, statements: Sequence[Told], names: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    records = {told.facts["record"] for told in statements}
    if not isinstance(pages, list) or not pages:
        raise BundleError(f"{RECORD}: got no pages, wanted one or more")
    for page in pages:
        if not page.keys() <= _PAGE_MEMBERS:
            raise BundleError(f"{RECORD}: got members {sorted(page.keys() - _PAGE_MEMBERS)}, wanted those of a view")
        if not records <= {page["record"]} or page["patient"]["name"] != names.get(page["patient"]["id"]):
            raise BundleError(f"{RECORD}: got a page of {page['record']} for {page['patient']}, wanted what was opened")
    return pages


def _thread(items: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for item in items:
        yield item
        yield from _thread(item["children"])


def _check_nested(item: Mapping[str, Any]) -> None:
    for child in item["children"]:
        if child["parent"] != item["id"]:
            raise BundleError(f"{RECORD}: item {child['id']}: got it below {item['id']}, wanted what it answers there")


def _check_item(item: Mapping[str, Any], statements: Sequence[Told], names: Mapping[str, str]) -> None:
    what = f"{RECORD}: item {item['id']}"
    if not statements or statements[0].type != "item-added/1":
        raise BundleError(f"{what}: got an item that no opened statement adds, wanted each proved")
    for member, wanted in _added(statements[0], names).items():
        if item[member] != wanted and (item[member] is not None or member not in _ALONE):
            raise BundleError(f"{what}: got {member} {_short(item[member])}, wanted {_short(wanted)} as was said")
    _check_amendments(what, item["amendments"], [told for told in statements if told.type == "item-amended/1"], names)
    for member, wanted in _said_of(statements, names).items():
        if item[member] != wanted:
            raise BundleError(f"{what}: got {member} {_short(item[member])}, wanted {_short(wanted)} as was said")
    said = {text for told in statements for text in told.strings()} | set(names.values())
    rest = {name: value for name, value in item.items() if name not in (*_CORE, "id", "amendments", "children")}
    for member, text in _leaves(rest, ""):
        if member not in _UNSAID and text not in said:
            raise BundleError(f"{what}: got {member} {_short(text)}, wanted what a statement about it says")


def _added(told: Told, names: Mapping[str, str]) -> dict[str, Any]:
    words = told.words or dict.fromkeys(("title", "text", "data", "quote"))
    said = {member: words[member] for member in ("title", "text", "data", "quote")}
    said |= {member: told.facts[member] for member in ("kind", "parent", "concern")}
    return said | {"author": told.author(names), "made_at": told.made_at, "recorded_at": told.recorded_at}


def _said_of(statements: Sequence[Told], names: Mapping[str, str]) -> dict[str, Any]:
    """What was said about an item after it was added, amendments aside: of what can be said anew, the last word."""
    last = {told.type: told for told in statements}
    agreed = {told.signed.statement.author: told for told in statements if told.type == "agreement-stated/1"}
    asked, erased = last.get("erasure-asked/1"), last.get("content-erased/1")
    return {
        "in_error": _remark(last.get("item-marked-in-error/1"), names, "reason"),
        "agreements": [_remark(told, names, "agreement", "text") for told in agreed.values()],
        "answer": _remark(last.get("dispute-answered/1"), names, "outcome", "reason"),
        "review": _remark(last.get("dispute-reviewed/1"), names, "outcome", "reason"),
        "erasure_asked": _remark(asked, names, "basis", "reason", when="recorded_at"),
        "erased": _remark(erased, names, "basis", "reason", when="recorded_at"),
        "wish": _wish(last, statements[0]),
    }


def _remark(told: Told | None, names: Mapping[str, str], *members: str, when: str = "made_at") -> dict[str, Any] | None:
    """These members of a statement, a fact or else a word each, with its author and time as views show it."""
    if told is None:
        return None
    said = {**(told.words or {}), **told.facts}
    at = told.recorded_at if when == "recorded_at" else told.made_at
    return {**{member: said.get(member) for member in members}, "author": told.author(names), when: at}


def _wish(last: Mapping[str, Told], added: Told) -> dict[str, Any] | None:
    """How an advance statement stands; None for an item of another kind."""
    if added.facts["kind"] != "wishes":
        return None
    signed, reviewed, withdrawn = (last.get(f"wish-{done}/1") for done in ("signed", "reviewed", "withdrawn"))
    review = None if reviewed is None else {"outcome": reviewed.facts["outcome"], "made_at": reviewed.made_at}
    return {
        "state": "withdrawn" if withdrawn is not None else "draft" if signed is None else "signed",
        "signed_at": None if signed is None else signed.made_at,
        "review": None if review is None or reviewed is None else review | {"text": (reviewed.words or {}).get("text")},
        "withdrawn_at": None if withdrawn is None else withdrawn.made_at,
        "withdrawn_because": None if withdrawn is None else (withdrawn.words or {}).get("text"),
    }


def _check_amendments(
    what: str, shown: Sequence[Mapping[str, Any]], statements: Sequence[Told], names: Mapping[str, str]
) -> None:
    got = [(one["text"], one["author"], one["made_at"]) for one in shown]
    wanted = [((told.words or {}).get("text"), told.author(names), told.made_at) for told in statements]
    if got != wanted:
        raise BundleError(f"{what}: got {len(got)} amendments that are not the {len(wanted)} that were opened")
    for one, told in zip(shown, statements, strict=True):
        if one["reason"] not in (None, (told.words or {}).get("reason")):
            raise BundleError(f"{what}: got the reason {_short(one['reason'])}, wanted what was said")


def _leaves(value: Any, member: str) -> Iterator[tuple[str, str]]:
    """Every text with the name of the member that it stands in."""
    if isinstance(value, str):
        yield member, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, member)
    elif isinstance(value, float | int) and not isinstance(value, bool):
        # Measured values are text in what was said; a number must be spelt as it was there.
        yield "valueString", json.dumps(value)


def _said_in_items(pages: Any) -> Iterator[str]:
    """Names of measured values, and texts without a first line that tells such a value."""
    for page in pages:
        for item in _thread(page["items"]):
            yield from item["data"] or ()
            yield (item["text"] or "").partition("\n")[2]


def _check_leaf(resource: str, member: str, text: str, said: set[str], signed: set[str]) -> None:
    if member == "data":
        _check_data(resource, text, said, signed)
    elif text not in said and (member in _WORDS_IN_FHIR or not _CODE.fullmatch(text)):
        raise BundleError(f"{FHIR}: {resource}: got {member} {_short(text)}, wanted only what {RECORD} says")


def _check_data(resource: str, text: str, said: set[str], signed: set[str]) -> None:
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise BundleError(f"{FHIR}: {resource}: got data that is no text, wanted base64 of UTF-8") from error
    allowed = signed if resource == "Provenance" else said
    if base64.b64encode(decoded.encode()).decode() != text or decoded not in allowed:
        raise BundleError(f"{FHIR}: {resource}: got {_short(decoded)}, wanted what {RECORD} or a statement says")


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
