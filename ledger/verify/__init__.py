"""Verification: numbered steps that show whether a ledger is what was signed, sealed and admitted.

It reads rows through ``Source`` and trusts nothing but the log's public keys: it imports nothing of the store,
asks no index what an entry says, and hashes every entry again. Each step names the first position that is wrong.

Without the key-encryption key, a row missing from the index of facts or a stream is seen at the next one.
What no verification of one database can see: a tail cut off everywhere at once (a witness, a receipt or a
mirror shows it), and a checkpoint taken away that a later one covers (nothing rests on it).
"""

from ledger.verify.findings import Step, Taken, Verification, Wrong
from ledger.verify.rows import Source
from ledger.verify.state import Verified
from ledger.verify.whole import Progress, Trusted, verify_ledger

__all__ = ["Progress", "Source", "Step", "Taken", "Trusted", "Verification", "Verified", "Wrong", "verify_ledger"]
