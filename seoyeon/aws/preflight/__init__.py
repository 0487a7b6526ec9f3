"""Checks before a deployment, for the commands `doctor` and `deploy`; they only read."""
