"""The values: what was measured, what was agreed, what was answered."""
