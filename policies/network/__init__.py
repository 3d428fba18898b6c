"""Policies about networks, and how security groups are read."""
