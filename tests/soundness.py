"""The question that every story ends with: is the ledger still what was signed, sealed and admitted?"""

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.clock import clock
from api.verifying import verify_database
from ledger.store.keyring import Keyring


def assert_ledger_sound(dsn: str, keyring: Keyring) -> None:
    """Verify a whole ledger with everything that can be checked; fails with the steps and the first wrong position."""
    may = {"user": "ledger_reader"} if conninfo_to_dict(dsn)["user"] == "ledger_app" else {}
    outcome = verify_database(make_conninfo(dsn, **may), keyring, at=clock())
    assert outcome.ok, str(outcome)
