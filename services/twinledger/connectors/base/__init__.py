"""The contract every connector fulfils."""
