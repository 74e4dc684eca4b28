"""Twinledger keeps FreshBooks and Zoho the same: ingest -> transform -> enrich -> loader."""

__version__ = "0.1.0"
