"""Benches: `make bench`, or some of them by name: python -m tests.bench ingest road."""
