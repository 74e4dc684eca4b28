"""Road, stage 1: hears of changes and reads the documents."""
