"""RFC 6962, section 2.1, transcribed word for word: slow, obvious, and sharing nothing with the product.

``D[n]`` is a list of entries; ``D[k1:k2]`` is remembered by its bounds, so that large trees stay usable.
"""

from collections.abc import Sequence
from hashlib import sha256


class Rfc6962:
    """The functions MTH, PATH and PROOF over one list of entries."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.entries = entries
        self._known: dict[tuple[int, int], bytes] = {}

    def mth(self, k1: int, k2: int) -> bytes:
        """Section 2.1: MTH(D[k1:k2])."""
        if (k1, k2) not in self._known:
            self._known[k1, k2] = self._mth(k1, k2)
        return self._known[k1, k2]

    def _mth(self, k1: int, k2: int) -> bytes:
        n = k2 - k1
        if n == 0:
            return sha256().digest()
        if n == 1:
            return sha256(b"\x00" + self.entries[k1]).digest()
        k = largest_power_of_two_smaller_than(n)
        return sha256(b"\x01" + self.mth(k1, k1 + k) + self.mth(k1 + k, k2)).digest()

    def path(self, m: int, k1: int, k2: int) -> list[bytes]:
        """Section 2.1.1: PATH(m, D[k1:k2])."""
        n = k2 - k1
        if n == 1:
            return []
        k = largest_power_of_two_smaller_than(n)
        if m < k:
            return [*self.path(m, k1, k1 + k), self.mth(k1 + k, k2)]
        return [*self.path(m - k, k1 + k, k2), self.mth(k1, k1 + k)]

    def proof(self, m: int, n: int) -> list[bytes]:
        """Section 2.1.2: PROOF(m, D[n]) = SUBPROOF(m, D[n], true)."""
        return self._subproof(m, 0, n, whole=True)

    def _subproof(self, m: int, k1: int, k2: int, *, whole: bool) -> list[bytes]:
        n = k2 - k1
        if m == n:
            return [] if whole else [self.mth(k1, k2)]
        k = largest_power_of_two_smaller_than(n)
        if m <= k:
            return [*self._subproof(m, k1, k1 + k, whole=whole), self.mth(k1 + k, k2)]
        return [*self._subproof(m - k, k1 + k, k2, whole=False), self.mth(k1, k1 + k)]


def largest_power_of_two_smaller_than(n: int) -> int:
    """k < n <= 2k."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k
