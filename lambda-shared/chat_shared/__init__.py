"""Code that two or more of the functions share."""
