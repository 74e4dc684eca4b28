"""Mapping, matching: is this record one that is known? Pure: keys to find candidates, a score, a verdict."""
