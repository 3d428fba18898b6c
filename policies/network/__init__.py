"""Policies about networks, and how subnets, routes and security groups are read."""
