"""The laptop run: the whole chat on one URL, with no AWS account."""
