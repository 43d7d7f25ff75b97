"""The shared record ledger: what was said, by whom, in which order."""
