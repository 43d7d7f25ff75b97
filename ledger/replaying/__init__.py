"""Deriving again: whether every recorded disclosure follows from the facts before it.

deriving.py   one disclosure held to its facts: pure
past.py       the facts before a position, read from the log and kept in bounded memory
run.py        every disclosure of a ledger, one after the other
state.py      how far a ledger was derived again, kept for the next run
"""
