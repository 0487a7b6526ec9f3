"""The build of the files that both targets publish: functions, page and icons."""
