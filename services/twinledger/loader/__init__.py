"""Road, stage 4: writes to the vendors, once."""
