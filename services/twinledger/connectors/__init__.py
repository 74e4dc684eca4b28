"""One folder per vendor system, behind one contract."""
