"""Connector for FreshBooks (the "new" API, api.freshbooks.com)."""
