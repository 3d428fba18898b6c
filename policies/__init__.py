"""Policies over Terraform JSON: documents -> resource graph -> policies -> assessments."""
