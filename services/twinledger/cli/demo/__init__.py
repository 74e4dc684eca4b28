"""The demo: a small business on both sides, a busy day, a comparison through the vendors' own APIs."""
