"""One text of several fields, as people read it: each under its heading, and back into the fields.

What stands under no heading comes first. A text that was written otherwise goes into the field without one, as it is.
A form that says such a text tells the page so (``binding.headed``).
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from api.pages.forms import Checks, Filled
from api.pages.language import gettext as _

OWN: Final = "own"
"""The field without a heading."""
WAS: Final = "was"
"""The member that brings along, as a digest, the words that a form began with."""

Prompts = Mapping[str, tuple[str, str]]
"""The fields with a heading: what each is called, and what one might write there; both marked for translation."""


def headings_of(prompts: Prompts) -> dict[str, str]:
    """What each field is called in the reader's language."""
    return {name: _(heading) for name, (heading, _hint) in prompts.items()}


def text_of(fields: Mapping[str, str], headings: Mapping[str, str]) -> str:
    """One text of what is written in the fields, each without the blank space around it; headings by field."""
    written = {name: fields.get(name, "").strip() for name in (OWN, *headings)}
    parts = [written[OWN], *(f"{heading}\n{written[name]}" for name, heading in headings.items() if written[name])]
    return "\n\n".join(part for part in parts if part)


def fields_of(text: str, headings: Mapping[str, str]) -> dict[str, str]:
    """The fields that a text was made of: each heading once; any other text is that of the first field."""
    names = {heading: name for name, heading in headings.items()}
    found: dict[str, list[str]] = {OWN: []}
    under = OWN
    for line in text.split("\n"):
        if names.get(line, under) not in found:
            under = names[line]
            found[under] = []
        else:
            found[under].append(line)
    fields = {name: "\n".join(lines).strip() for name, lines in found.items()}
    return fields if text_of(fields, headings) == text.strip() else {OWN: text.strip()}


def text_in(form: Filled, check: Checks, prompts: Prompts, most: int) -> str:
    """The text of a form; notes where all fields are empty, one has more than ``most`` letters, or nothing changed."""
    text = text_of({name: check.text(name, None, most) for name in (OWN, *prompts)}, headings_of(prompts))
    if not text:
        check.wrong(OWN, _("Write something in one of the boxes."))
    elif digest_of(text) == form.value(WAS):
        check.wrong(OWN, _("You have not changed anything yet. Change the words, or go back."))
    return text


def members_of(text: str, prompts: Prompts) -> dict[str, str]:
    """What stands in a form that changes a text."""
    return {WAS: digest_of(text), **fields_of(text, headings_of(prompts))}


def digest_of(text: str) -> str:
    """Which words these are, in a hidden field."""
    return sha256(text.encode()).hexdigest()
