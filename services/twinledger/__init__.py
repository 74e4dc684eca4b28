"""Twinledger keeps FreshBooks and Zoho the same: ingest -> transform -> enrich -> loader."""
