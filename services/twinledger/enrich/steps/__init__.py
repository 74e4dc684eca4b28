"""Enrich: its steps, in the order pipeline.py runs them."""
