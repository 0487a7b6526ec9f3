"""`make doctor`: what would stop a deploy, or the first chat after it. Reads, changes nothing."""
