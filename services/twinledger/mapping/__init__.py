"""The mapping language: definitions compiled to pure functions."""
