"""Policies about HTTP, WebSocket and REST APIs."""
