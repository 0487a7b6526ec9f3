"""`make deploy` and `make destroy`: this app in an AWS account, by one command each."""
