"""The laptop run: the whole chat on one URL, without an AWS account."""
