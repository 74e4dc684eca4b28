"""Deterministic simulation: the whole road, its vendors and their people in one process, in virtual time."""
