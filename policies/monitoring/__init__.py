"""Policies about logs, metrics and alarms."""
