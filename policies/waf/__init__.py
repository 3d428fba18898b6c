"""Policies about web application firewalls."""
