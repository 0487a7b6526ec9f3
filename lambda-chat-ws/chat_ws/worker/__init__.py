"""The worker function: one run of one turn, from the lease to `done`."""
