"""What the other verbs answer, as text."""
