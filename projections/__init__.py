"""What is derived from the ledger and can be rebuilt from it; holds structure, never words."""
