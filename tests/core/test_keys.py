"""Author keys: thumbprints, weak keys, and two libraries that must agree."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import base64url
from ledger.core.errors import BadSignature, CoreError, MalformedStatement, WeakKey
from ledger.core.keys import PublicKey, SigningKey

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)

# RFC 8032, section 7.1: secret, public, message, signature
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


def _add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    t = D * a[0] * b[0] * a[1] * b[1] % P
    return (
        (a[0] * b[1] + b[0] * a[1]) * pow(1 + t, -1, P) % P,
        (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, P) % P,
    )


def _times(n: int, point: tuple[int, int]) -> tuple[int, int]:
    total = (0, 1)
    while n:
        total, point, n = _add(total, point) if n & 1 else total, _add(point, point), n >> 1
    return total


def _point(y: int) -> tuple[int, int] | None:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * SQRT_MINUS_1 % P
    return (x, y) if x * x % P == square else None


def _encodings_of_small_order() -> set[bytes]:
    ys = {_times(ORDER, point)[1] for y in range(2, 60) if (point := _point(y)) is not None}
    assert len(ys) == 5  # orders 1, 2, 4, and two of order 8
    return {(y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)}


@pytest.mark.parametrize("raw", sorted(_encodings_of_small_order()), ids=lambda raw: raw.hex()[:12])
def test_points_of_small_order_are_refused(raw: bytes) -> None:
    with pytest.raises(WeakKey):
        PublicKey.from_raw(raw)


@pytest.mark.parametrize("y", [P, P + 1, P + 3, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1])
def test_non_canonical_encodings_are_refused(y: int, sign: int) -> None:
    with pytest.raises(WeakKey):
        PublicKey.from_raw((y | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_hold(secret: str, public: str, message: str, signature: str) -> None:
    key = SigningKey(bytes.fromhex(secret))
    assert key.public.raw.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    key.public.check_signature(bytes.fromhex(message), bytes.fromhex(signature))


def test_the_key_id_is_the_thumbprint_of_rfc_8037() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert PublicKey.from_jwk(jwk).kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_both_libraries_sign_alike_and_accept_each_other(seed: bytes, message: bytes) -> None:
    ours, theirs = SigningKey(seed), Ed25519PrivateKey.from_private_bytes(seed)
    signature = theirs.sign(message)
    assert ours.sign(message) == signature
    ours.public.check_signature(message, signature)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 511))
def test_whatever_one_library_refuses_so_does_ours(seed: bytes, message: bytes, bit: int) -> None:
    key = SigningKey(seed)
    signature = bytearray(key.sign(message))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadSignature):
        key.public.check_signature(message, bytes(signature))
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(key.public.raw).verify(bytes(signature), message)


@pytest.mark.parametrize("size", [0, 63, 65, 128])
def test_a_signature_of_another_size_is_refused(size: int) -> None:
    key = SigningKey(bytes(32))
    with pytest.raises(BadSignature):
        key.public.check_signature(b"x", (key.sign(b"x") * 2)[:size])


def test_a_scalar_beyond_the_order_is_refused() -> None:
    key = SigningKey(bytes(32))
    signature = key.sign(b"x")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    with pytest.raises(BadSignature):
        key.public.check_signature(b"x", signature[:32] + scalar.to_bytes(32, "little"))


GOOD = {"crv": "Ed25519", "kty": "OKP", "x": base64url(SigningKey(bytes(32)).public.raw)}


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        {},
        GOOD | {"d": "secret"},
        GOOD | {"kid": "mine"},
        GOOD | {"crv": "X25519"},
        GOOD | {"kty": "EC"},
        GOOD | {"x": GOOD["x"] + "="},
        GOOD | {"x": GOOD["x"][:-2]},
        GOOD | {"x": 7},
    ],
)
def test_a_jwk_with_anything_else_is_refused(jwk: object) -> None:
    with pytest.raises((MalformedStatement, WeakKey)) as refusal:
        PublicKey.from_jwk(jwk)
    assert isinstance(refusal.value, CoreError)
