"""Connector for Zoho CRM (API v8)."""
