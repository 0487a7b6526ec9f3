"""The failure function: it ends a turn whose every run has crashed."""
