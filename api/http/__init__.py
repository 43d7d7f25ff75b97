"""The JSON API, one file an area."""
