"""Mapping, matching: is this record one that is known? Pure: keys that find candidates, a score, a verdict."""
