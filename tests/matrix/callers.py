"""Who asks: each way to stand to a record, and each way not to be signed in."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ledger.saying import By
from tests.matrix.around import Around

CALLERS: Final[Mapping[str, Callable[[Around], By]]] = {
    "patient": lambda a: a.patient,
    "carer": lambda a: a.cast.sam,
    "carer-shared-nothing": lambda a: a.cast.noor,
    "carer-suspended": lambda a: a.cast.omar,
    "carer-ended": lambda a: a.cast.eva,
    "attorney": lambda a: a.cast.vera,
    "parent": lambda a: a.cast.paula,
    "clinician": lambda a: a.cast.okafor,
    "clinician-elsewhere": lambda a: a.cast.moss,
    "clinician-in-emergency": lambda a: a.cast.hale,
    "clinician-who-left": lambda a: a.cast.quinn,
    "auditor": lambda a: a.cast.ruth,
    "auditor-without-case": lambda a: a.cast.otto,
    "guardian": lambda a: a.cast.greta,
    "administrator": lambda a: a.cast.alma,
    "registrar": lambda a: a.cast.rosa,
    "stranger": lambda a: a.cast.ida,
    "claims-clinician": lambda a: replace(a.cast.ida, acting_as="clinician"),
    "claims-administrator": lambda a: replace(a.cast.ida, acting_as="administrator"),
}
IN_A_BROWSER: Final = frozenset({"patient", "carer-shared-nothing", "parent", "auditor-without-case", "registrar"})
"""Who asks by a browser's session; everybody else asks by a program's token, where an operation takes one."""
