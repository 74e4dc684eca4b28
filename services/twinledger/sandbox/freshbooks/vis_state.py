"""FreshBooks' `vis_state` of a record. Sheet 3.1."""

__all__ = ["ARCHIVED", "DELETED", "LIVING"]

LIVING, DELETED, ARCHIVED = 0, 1, 2
