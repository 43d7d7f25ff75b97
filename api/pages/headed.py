"""One text of several fields, as people read it: each under its heading, and back into the fields.

What stands under no heading comes first. A text that was written otherwise goes into the field without one, as it is.
A form that says such a text names that field in ``data-composes`` (``static/forms.js``).
"""

from collections.abc import Mapping
from typing import Final

OWN: Final = "own"
"""The field without a heading."""


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
