"""What PostgreSQL remembers about records."""
