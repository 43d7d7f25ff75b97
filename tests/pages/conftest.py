"""A service for the module, and a browser at it, as the tests of signing in have them."""

from tests.sign_in.conftest import browser, house

__all__ = ["browser", "house"]
