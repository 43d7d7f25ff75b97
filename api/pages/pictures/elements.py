"""The parts that every picture is made of: elements with what stands in them, everything escaped."""

import re
from collections.abc import Iterable
from typing import Final

from markupsafe import Markup, escape

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")


def element(tag: str, *within: str, **attributes: object) -> Markup:
    """An element. ``klass`` is its class; an underscore in an attribute's name is a hyphen; None leaves it out.

    What stands within is escaped, unless it is Markup.
    """
    said = "".join(
        f' {"class" if name == "klass" else name.replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = "".join(map(escape, within))
    # Safe: tags and names of attributes are this package's own, everything else is escaped above.
    return Markup(f"<{tag}{said}>{inner}</{tag}>" if inner else f"<{tag}{said}/>")  # noqa: S704


def picture(name: str, sentence: str, within: Iterable[str], *, klass: str, **attributes: object) -> Markup:
    """A picture that is read aloud as one sentence. ``name``: unique on the page, for the ids within.

    Raises ValueError for a name that is no lower-case id.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"name: got {name!r}, wanted lower-case letters, digits and hyphens, unique on the page")
    label = f"{name}-title"
    return element(
        "svg",
        element("title", sentence, id=label),
        *within,
        klass=f"picture {klass}",
        role="img",
        aria_labelledby=label,
        xmlns="http://www.w3.org/2000/svg",
        **attributes,
    )
