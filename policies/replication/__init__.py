"""Policies about data in more than one region."""
