"""How a record travels: envelope, topics, codec, broker, runner, outbox, offsets, parking, dead letters."""
