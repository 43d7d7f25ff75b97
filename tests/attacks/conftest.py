"""Attacks are made on the real thing: over HTTP, and on ledgers over the story's database."""

from tests.http.conftest import served

__all__ = ["served"]
