"""What every process needs: errors, clock, ids, database, http, settings, logs, metrics, health."""
