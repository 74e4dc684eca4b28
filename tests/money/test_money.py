"""Money: what businesses bill and are paid comes to the same in both ledgers, to the cent, per currency.

MONEY_N=100000 .venv/bin/pytest tests/money -s        the whole proof; `make gate` runs it
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from functools import partial, reduce

from tests.money.business import CURRENCIES
from tests.money.roads import Proof, prove

from twinledger.mapping.explain import UNEXPLAINED

N = int(os.environ.get("MONEY_N", "10000"))
SEED = int(os.environ.get("MONEY_SEED", "1"))
REFUSED = {
    "invoice in JPY: JPY has decimals here": "FreshBooks charged a fraction of a yen; Books keeps none",
    "order in BHD: BHD has decimals here": "Books charged a thousandth; FreshBooks keeps cents",
}
"""What goes to a person, by name, and why no rounding can help."""


def test_both_ledgers_agree_in_every_currency() -> None:
    proof = _prove_in_parts() if N > 20_000 else prove(range(N), SEED)
    _print(proof)
    assert proof.unequal == []
    assert set(proof.freshbooks) == set(CURRENCIES)
    assert proof.freshbooks == proof.books
    assert proof.open_at_freshbooks == proof.open_at_books
    assert proof.made + sum(proof.refused.values()) == N
    assert set(proof.refused) <= set(REFUSED)
    assert sum(proof.refused.values()) < N / 10
    assert not [name for name in proof.named if name.startswith(UNEXPLAINED)]
    assert proof.rounded > 0


def _prove_in_parts() -> Proof:
    with ProcessPoolExecutor(max_workers=2) as workers:
        parts = [range(start, min(start + 5_000, N)) for start in range(0, N, 5_000)]
        return reduce(Proof.join, workers.map(partial(prove, seed=SEED), parts))


def _print(proof: Proof) -> None:
    print(f"\nseed {SEED}: {proof.made} documents and {proof.payments} payments on both sides")  # noqa: T201
    for currency in sorted(proof.books):
        ours, theirs = proof.freshbooks[currency], proof.books[currency]
        opened = proof.open_at_freshbooks[currency] - proof.open_at_books[currency]
        apart = f"{Decimal(ours - theirs):.2f} apart, open {Decimal(opened):.2f} apart"
        print(f"  {currency}  FreshBooks {ours:>20,.2f}  Books {theirs:>20,.2f}  {apart}")  # noqa: T201
    print(f"  a rounding entered or a tax rounded otherwise in {proof.rounded}, each named:")  # noqa: T201
    for name, count in proof.named.most_common():
        print(f"    {count:>7}  {name}")  # noqa: T201
    for name, count in proof.refused.most_common():
        print(f"  to a person {count:>5}  {name}: {REFUSED.get(name)}")  # noqa: T201
