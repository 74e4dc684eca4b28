"""The steps of transform, in the order of `pipeline.py`."""
