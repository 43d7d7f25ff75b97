"""The head of a leaflet: what it is called, whom it is for, where it comes from, and until when it may be trusted."""

import re
import tomllib
from datetime import date
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

FENCE: Final = "+++"
Audience = Literal["patients", "carers", "parents", "young people"]
Line = Annotated[str, StringConstraints(pattern=r"^\S(.*\S)?$", max_length=300)]
_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_LONGEST_SHOWN: Final = 80


class LeafletError(Exception):
    """A leaflet cannot be shown; the message names the file, what it has, and what is wanted."""


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Source(_Model):
    """Where a leaflet's words come from. ``checked``: when somebody last held them against it; None for never."""

    title: Line
    url: Line
    checked: date | None = None


class Head(_Model):
    """What stands before the words. ``order``: the place among the leaflets, from 1; those of the same go by name."""

    order: Annotated[int, Field(ge=1, le=9999)]
    title: Line
    summary: Line
    audience: Annotated[list[Audience], Field(min_length=1)]
    written: date
    review_by: date
    sources: Annotated[list[Source], Field(min_length=1)]


def split(text: str) -> tuple[str, str]:
    """The head and the words of a leaflet's text; raises LeafletError where the fences are not both there."""
    first, _, rest = text.replace("\r\n", "\n").partition("\n")
    head, fence, words = rest.partition(f"\n{FENCE}\n")
    if first != FENCE or not fence:
        raise LeafletError(f"got {_shown(first)} in line 1, wanted a head in TOML between two lines of {FENCE}")
    return head, words


def parse_head(head: str) -> Head:
    """The head from its TOML. Raises LeafletError that names each fault."""
    try:
        parsed = Head.model_validate(tomllib.loads(head))
    except tomllib.TOMLDecodeError as error:
        raise LeafletError(f"its head is no TOML: {error}") from error
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: got {_shown(fault['input'])}, wanted otherwise: {fault['msg']}"
            for fault in error.errors(include_url=False)
        ]
        raise LeafletError("; ".join(faults)) from None
    _check_consistent(parsed)
    return parsed


def is_on_the_web(url: str) -> bool:
    """Whether a URL is http or https, of a host, and hides nobody's name and password."""
    try:
        parts = urlsplit(url)
        hidden = parts.username is not None or parts.password is not None or parts.port == 0
    except ValueError:
        return False
    named = _HOST.fullmatch(parts.hostname or "") is not None
    return parts.scheme in {"http", "https"} and named and not hidden and url.isprintable() and " " not in url


def _check_consistent(head: Head) -> None:
    if head.review_by <= head.written:
        raise LeafletError(f"review_by: got {head.review_by}, wanted a day after it was written, {head.written}")
    for source in head.sources:
        if not is_on_the_web(source.url):
            raise LeafletError(f"sources: got the URL {_shown(source.url)}, wanted http:// or https:// and a host")
        if source.checked is not None and source.checked < head.written:
            raise LeafletError(
                f"sources: {source.url}: got checked {source.checked}, wanted no day before it was written"
            )
    if len({source.url for source in head.sources}) < len(head.sources):
        raise LeafletError("sources: got the same URL twice, wanted each once")


def _shown(value: object) -> str:
    said = repr(value)
    return said if len(said) <= _LONGEST_SHOWN else f"{said[:_LONGEST_SHOWN]}…"
