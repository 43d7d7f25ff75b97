"""What people do with the ledger, grouped as they would say it: ledger.items.add, ledger.trail.open."""
