"""How objectives of each kind are estimated, from a run and from a server's metrics, and what holds of that kind alone."""
