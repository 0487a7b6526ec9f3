"""The commands that work on an AWS account: deploy, destroy and doctor."""
