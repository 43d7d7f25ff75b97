"""What can be said: aggregates and their invariants."""
