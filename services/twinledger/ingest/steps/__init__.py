"""The steps of ingest: judging deliveries, noting hints, publishing what was read."""
