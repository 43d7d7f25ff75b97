"""Bundles altered by somebody who knows the format: digests made again, and signed where they have a key."""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ledger.core.keys import Signer
from ledger.verify.bundle_form import SUMS, SUMS_SIGNATURE, format_sums, sign_sums
from ledger.verify.bundle_told import write_json
from tests.story import KEYRING

Files = dict[str, bytes]
SERVICE: Signer = KEYRING.signer_for(KEYRING.service)


def files_of(bundle: Path) -> Files:
    with zipfile.ZipFile(bundle) as file:
        return {name: file.read(name) for name in file.namelist()}


def written(to: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(to, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    return to


def summed(files: Files) -> Files:
    """The list of digests made again, the service's signature left as it was."""
    others = {name: data for name, data in files.items() if name not in (SUMS, SUMS_SIGNATURE)}
    return files | {SUMS: format_sums(others)}


def signed(files: Files, signer: Signer = SERVICE) -> Files:
    """The list made again and signed: what only a service that lies can do, or whose key is stolen."""
    made = summed(files)
    return made | {SUMS_SIGNATURE: sign_sums(made[SUMS], signer)}


def edited(files: Files, name: str, change: Callable[[Any], None]) -> Files:
    """A JSON file with its value changed in place, spelt as an export spells it."""
    value = json.loads(files[name])
    change(value)
    return files | {name: write_json(value)}
