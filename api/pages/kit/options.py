"""The options of nhsuk-frontend's macros, by the list that comes with them: a misspelt one would be left out."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = json.loads(
    (files("api.pages") / "kit" / "options.json").read_text(encoding="utf-8")
)
"""By component: its options as ``build.options_of`` gives them."""


class NoSuchOption(TypeError):
    """A component that there is none of, or an option that it does not have; a mistake in a template."""


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """Raise NoSuchOption if the component, or a part of it, has no option of such a name."""
    if name not in OPTIONS:
        raise NoSuchOption(f"component: got {name}, wanted one of {', '.join(OPTIONS)}")
    _check(name, options, OPTIONS[name])


def _check(where: str, options: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    for option, value in options.items():
        if option not in known:
            raise NoSuchOption(f"{where}: got the option {option}, wanted one of {', '.join(known)}")
        inner = known[option]
        inner = OPTIONS.get(inner) if isinstance(inner, str) else inner
        if inner is not None:
            for one in _objects(value):
                _check(f"{where}.{option}", one, inner)


def _objects(value: object) -> Sequence[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        return [value]
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []
