"""What two of the functions really share."""
