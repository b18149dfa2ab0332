"""PoI as a product under test: user class, chain, required monitoring, alert rules, panels, the drill's faults."""
