"""The kit's macros (``nhsuk-frontend-jinja``), for our templates: ``{{ nhsuk("error-summary", {"titleText": …}) }}``.

They read options that they were not given, which our own templates never may: so they have an environment of their own,
and hand over finished HTML.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jinja2 import ChainableUndefined, Environment, PackageLoader
from jinja2.runtime import Macro
from markupsafe import Markup

from api.pages.kit.options import check_options

_kit: Final = Environment(
    loader=PackageLoader("nhsuk_frontend_jinja"),
    autoescape=True,
    undefined=ChainableUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def nhsuk(component: str, options: Mapping[str, Any]) -> Markup:
    """A component by the name of its folder, with the options that its documentation names.

    Raises NoSuchOption for any other: theirs would leave it out unheard.
    """
    check_options(component, options)
    return Markup(_macro(component)(options))  # noqa: S704 - made by a template, which escapes


@cache
def _macro(component: str) -> Macro:
    first, *rest = component.split("-")
    name = first + "".join(word.capitalize() for word in rest)
    found: Macro = getattr(_kit.get_template(f"nhsuk/components/{component}/macro.jinja").module, name)
    return found
