"""Load generation on Locust for a Proof-of-Impact node, and every edge: files, clock, network, processes."""
