"""Answers a load balancer's health checks with what the region can really do: read its replica of the table."""
