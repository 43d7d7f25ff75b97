"""The data types of FHIR R4, read strictly and put into words.

Source: https://hl7.org/fhir/R4/datatypes.html (dateTime, CodeableConcept, Quantity, HumanName, Attachment …) and
https://hl7.org/fhir/R4/narrative.html. Each function takes the `Node` of one value and raises `EntryProblem` at its
place.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

from api.import_files.json_tree import Node, kind_of, objects_within
from api.import_files.problems import quoted
from api.import_files.topics import Coding

# FHIR R4 dateTime and instant: a year, a month, a day, or a second with its offset from UTC
DATE_TIME = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>-\d{2})(?:(?P<day>-\d{2})"
    r"(?P<time>T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?)?)?",
    re.ASCII,
)
TEXT_TYPES = {"text/plain", "text/markdown"}
MARKUP_TYPES = {"text/html", "application/xhtml+xml"}
UTF8_NAMES = {"utf-8", "utf8", "us-ascii", "ascii"}  # RFC 6657: what text/plain may say when it means UTF-8 or less
BLOCKS = {
    "p",
    "div",
    "br",
    "tr",
    "table",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "blockquote",
    "dt",
}
FORMER_NAMES, BEST_NAMES = {"old", "maiden", "temp"}, {"official", "usual"}
UNREAD = {"script", "style", "head"}


def instant_of(node: Node) -> datetime | None:
    """Read a dateTime, an instant, or the start (else the end) of a Period, as UTC in whole milliseconds.

    A date without a time begins at midnight UTC of its first day. None for a Period with neither end.
    """
    if isinstance(node.value, dict):
        ends = (node.member("start"), node.member("end"))
        return next((instant_of(end) for end in ends if end is not None), None)
    if not isinstance(node.value, str):
        raise node.wrong(kind_of(node.value), "a date or a period")
    parts = DATE_TIME.fullmatch(node.value)
    wrong = node.wrong(quoted(node.value), "a FHIR dateTime such as 2019-05-08T23:44:14Z")
    if parts is None:
        raise wrong
    whole = f"{parts['year']}{parts['month'] or '-01'}{parts['day'] or '-01'}{parts['time'] or 'T00:00:00Z'}"
    try:
        moment = datetime.fromisoformat(whole).astimezone(UTC)
    except (
        ValueError,
        OverflowError,
    ) as error:  # the 30th of February, an hour 25, a year that its offset takes below 1
        raise wrong from error
    return moment - timedelta(microseconds=moment.microsecond % 1000)


def concept(node: Node | None) -> str:
    """Put a CodeableConcept into words: its text, else a display, else a bare code; empty if it says nothing."""
    if node is None:
        return ""
    text = node.string("text")
    codings = node.members("coding")
    displays = (coding.string("display") for coding in codings)
    codes = (coding.string("code") for coding in codings)
    return next((found.strip() for found in (text, *displays, *codes) if found and found.strip()), "")


def concepts(node: Node, name: str) -> str:
    """Put one or many CodeableConcepts into words, separated by commas."""
    return ", ".join(said for found in node.one_or_many(name) if (said := concept(found)))


def first_coding(node: Node | None) -> Coding | None:
    """Return the first coding of a CodeableConcept that has a code."""
    for coding in node.members("coding") if node else ():
        if code := coding.string("code"):
            return Coding(coding.string("system") or "", code)
    return None


def codings_within(value: object) -> Iterator[Coding]:
    """Yield every code anywhere inside a resource, its security labels too."""
    for found in objects_within(value):
        system, code = found.get("system"), found.get("code")
        if isinstance(system, str) and isinstance(code, str):
            yield Coding(system, code)


def quantity(node: Node) -> str:
    """Put a Quantity into words, every digit as the source wrote it."""
    amount = node.scalar("value")
    unit = node.string("unit") or node.string("code")
    return " ".join(part for part in (node.string("comparator"), amount, unit) if part)


def _range(node: Node) -> str:
    ends = [quantity(end) for end in (node.member("low"), node.member("high")) if end]
    return " to ".join(end for end in ends if end)


def _ratio(node: Node) -> str:
    parts = [quantity(part) for part in (node.member("numerator"), node.member("denominator")) if part]
    return " in ".join(part for part in parts if part)


def _period(node: Node) -> str:
    return " to ".join(end for end in (node.string("start"), node.string("end")) if end)


def value_in_words(node: Node, prefix: str = "value") -> str:
    """Put whichever `value[x]` an element has into words; empty if it has none."""
    shapes = {"Quantity": quantity, "CodeableConcept": concept, "Range": _range, "Ratio": _ratio, "Period": _period}
    for shape, read in shapes.items():
        found = node.member(prefix + shape)
        if found is not None:
            return read(found)
    for plain in ("String", "Boolean", "Integer", "DateTime", "Time"):
        if said := node.scalar(prefix + plain):
            return said
    sampled = node.member(f"{prefix}SampledData")
    return f"a series of samples: {sampled.string('data') or 'none given'}" if sampled else ""


def human_name(node: Node) -> str:
    """Put a person's `name` into words: the official or usual one before others, never a former one; empty if none."""
    current = [name for name in node.one_or_many("name") if name.string("use") not in FORMER_NAMES]
    current.sort(key=lambda name: name.string("use") not in BEST_NAMES)
    return next((said for name in current if (said := _one_name(name))), "")


def _one_name(name: Node) -> str:
    if text := name.string("text"):
        return text.strip()
    family = name.string("family") or ""
    parts = (*name.strings("prefix"), *name.strings("given"), family, *name.strings("suffix"))
    return " ".join(part.strip() for part in parts if part.strip())


def narrative(resource: Node) -> str:
    """Read a resource's or section's own narrative (`text.div`) as plain text; empty if it has none."""
    text = resource.member("text")
    div = text.string("div") if text else None
    return plain_text(div, text or resource) if div else ""


def attachment_text(attachment: Node) -> str:
    """Decode an Attachment or Binary that carries its text in `data`, as UTF-8 and nothing else.

    Markup becomes plain text. Errors: `EntryProblem` for other media types and charsets, for base64 that does not
    encode back to itself, for bytes that are not UTF-8, and for a text that says nothing.
    """
    is_markup = _is_markup(attachment)
    raw = _base64(attachment)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        got = f"byte 0x{raw[error.start]:02x} at offset {error.start} of the text"
        raise attachment.wrong(got, "UTF-8", "Export the document again as UTF-8.") from error
    text = plain_text(text, attachment) if is_markup else attachment.storable(text)
    if not text.strip():
        raise attachment.wrong("an empty document", "a text")
    return text


def _is_markup(attachment: Node) -> bool:
    """Tell plain text from markup by the media type. Errors: `EntryProblem` for what is neither, or not UTF-8."""
    written = attachment.string("contentType") or "text/plain"
    media, *parameters = (part.strip().lower() for part in written.split(";"))
    if media not in TEXT_TYPES | MARKUP_TYPES:
        next_step = "Convert the document to text and import it again, or attach it by hand."
        raise attachment.wrong(quoted(written), "plain text, Markdown or HTML", next_step)
    charsets = [parameter.partition("=")[2].strip('"') for parameter in parameters if parameter.startswith("charset=")]
    if not set(charsets) <= UTF8_NAMES:
        raise attachment.wrong(quoted(written), "charset=utf-8", "Export the document again as UTF-8.")
    return media in MARKUP_TYPES


def _base64(attachment: Node) -> bytes:
    """Decode `data`. FHIR R4 allows white space inside base64Binary; nothing else is forgiven."""
    compact = "".join(attachment.required("data").split())
    wrong = attachment.wrong("data that is not base64", "base64 (RFC 4648 section 4)")
    try:
        raw = base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong from error
    if base64.b64encode(raw).decode() != compact:  # bits after the end, which two readers could read differently
        raise wrong
    return raw


class _PlainText(HTMLParser):
    """Collects the words of some markup, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unread += tag in UNREAD
        if tag in BLOCKS:
            self.words.append("\n- " if tag == "li" else "\n")
        elif tag in {"td", "th"}:
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in UNREAD and self.unread > 0
        if tag in BLOCKS - {"li", "br"}:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.words.append(re.sub(r"\s+", " ", data))


def plain_text(markup: str, place: Node) -> str:
    """Read markup as plain text: one line for each block, no empty lines. Scripts and styles are left out."""
    parser = _PlainText()
    try:
        parser.feed(markup)
        parser.close()
    except AssertionError as error:  # what html.parser raises for a malformed marked section
        raise place.wrong("malformed markup", "XHTML") from error
    lines = (line.strip() for line in "".join(parser.words).splitlines())
    return place.storable("\n".join(line for line in lines if line not in {"", "-"}))
