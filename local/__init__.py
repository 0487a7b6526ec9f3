"""The laptop run: `python -m local` serves the whole chat on one URL, with no AWS account."""
