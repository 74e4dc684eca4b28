"""Road, stage 2: source record in, observation out. Pure."""
