"""The files that both targets publish: functions, page, icons."""
