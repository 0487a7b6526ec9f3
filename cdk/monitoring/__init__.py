"""Metrics, alarms, dashboard and logs."""
