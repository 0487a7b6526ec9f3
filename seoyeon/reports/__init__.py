"""Reports for operators, read from the table of a deployment."""
