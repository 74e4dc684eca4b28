"""Mapping: functions that the operator wrote, run in a process that can do nothing else."""
