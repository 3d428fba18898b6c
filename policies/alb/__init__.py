"""Policies about application load balancers."""
