"""What is known of PoI: its operations, its chain, the rules and panels that its nodes must have."""
