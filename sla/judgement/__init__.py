"""Estimates + agreement -> statuses, checks, a decision."""
