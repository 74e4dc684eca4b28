"""Connector for Zoho Books (API v3)."""
