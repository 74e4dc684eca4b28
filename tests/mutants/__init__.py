"""`make mutants`: each safeguard is switched off alone; what was to catch it must go red."""
