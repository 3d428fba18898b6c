"""Policies about DNS: health checks, failover and query logs."""
