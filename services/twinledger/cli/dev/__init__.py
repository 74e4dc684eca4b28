"""The stack on one machine: broker, database, sandbox and stages as supervised processes."""
