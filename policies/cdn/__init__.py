"""Policies about content delivery."""
