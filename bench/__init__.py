"""Measurements and estimates that run on this machine, without AWS."""
