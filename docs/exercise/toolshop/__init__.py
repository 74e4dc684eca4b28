"""Connector for the Tool Shop, a vendor made up for docs/extending.md."""
