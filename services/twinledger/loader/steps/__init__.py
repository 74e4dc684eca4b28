"""Loader: its steps: build the calls of a round, settle their answers, resolve unknown outcomes."""
