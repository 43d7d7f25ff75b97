"""The module that checks receipts in a page, run by Node: it believes what the ledger believes, and no more."""

from collections.abc import Iterator

import pytest

from ledger.core.receipt import Receipt
from tests.browser.test_modules import Modules, running_modules
from tests.core.test_receipt import ALTERED, KEYS, receipts

VERIFIER = str(KEYS.verifier)


@pytest.fixture(scope="module")
def modules() -> Iterator[Modules]:
    with running_modules() as running:
        yield running


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 64, 100])
def test_every_receipt_of_a_log_is_believed(modules: Modules, size: int) -> None:
    for receipt in receipts(size):
        told = modules.ask("receipt", receipt=receipt.as_json(), verifier=VERIFIER)
        assert told == {"index": receipt.index, "size": size}


@pytest.mark.parametrize("receipt", ALTERED.values(), ids=ALTERED)
def test_an_altered_receipt_is_not(modules: Modules, receipt: Receipt) -> None:
    with pytest.raises(ValueError, match="Error"):
        modules.ask("receipt", receipt=receipt.as_json(), verifier=VERIFIER)


def test_a_receipt_is_not_believed_by_the_keys_of_another_log(modules: Modules) -> None:
    with pytest.raises(ValueError, match="no key of the log has signed this"):
        modules.ask("receipt", receipt=receipts(3)[1].as_json(), verifier="elsewhere.example+00000000+AQ==\n")
