"""The failure function: the end of a turn whose every run died."""
