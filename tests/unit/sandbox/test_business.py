"""The seeded business: the same for everybody who asks with the same seed."""

from twinledger.sandbox.business import make_business

NOW = 1_772_442_000.0


def test_same_seed_same_business() -> None:
    assert make_business(3, 40, NOW) == make_business(3, 40, NOW)
    assert make_business(3, 40, NOW) != make_business(4, 40, NOW)


def test_it_has_every_kind_of_customer() -> None:
    business = make_business(1, 500, NOW)
    customers = business.customers
    assert {each.kind for each in customers} == {"person", "organization"}
    assert len({each.sides for each in customers}) == 3
    assert any(each.duplicate_of for each in customers)
    assert len({each.place.currency for each in customers}) >= 5
    assert any(not each.given.isascii() for each in customers)
    assert len(business.orders) == len(business.invoices) == 400


def test_fifty_customers_have_forty_orders() -> None:
    assert len(make_business(1, 50, NOW).orders) == 40


def test_an_empty_business_has_its_taxes() -> None:
    business = make_business(1, 0, NOW)
    assert (business.customers, business.orders) == ((), ())
    assert {tax.name for tax in business.taxes} >= {"VAT", "HST"}
