"""The witness as a program of its own: its home, and its HTTP server. It knows nothing of a ledger's house."""
