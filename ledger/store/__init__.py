"""Where it is kept: PostgreSQL."""
