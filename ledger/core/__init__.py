"""Pure: statements, seals, the tree and the disclosure rule. No I/O, no clock, no randomness."""
