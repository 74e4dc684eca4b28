"""Road, stage 3: resolves identity, merges, derives flows, plans writes."""
