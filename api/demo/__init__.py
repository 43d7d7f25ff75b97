"""``record-ledger demo``: one story about one record, told by a ledger that really runs.

    cast.py       who is in it, and how they come in
    stage.py      the ledger and its views; three readers side by side
    scenes.py     a note, an answer, a consent, its withdrawal, an emergency
    auditing.py   what the carer could see then, and did see, derived again
    tampering.py  one byte flipped in a copy, and what ``verify`` says
    told.py       the scenes in their order, then how to go on

Nothing is pretended: each scene calls what the HTTP API calls, and prints what the views returned.
"""

from api.demo.told import run_demo

__all__ = ["run_demo"]
