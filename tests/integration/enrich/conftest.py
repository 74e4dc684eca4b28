"""Fixtures of the enrich pipeline."""

from tests.fakes.feeding import enrich as enrich
