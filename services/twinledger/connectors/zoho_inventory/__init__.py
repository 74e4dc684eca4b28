"""Connector for Zoho Inventory (API v1)."""
