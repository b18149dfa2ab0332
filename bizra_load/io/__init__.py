"""Files, YAML, ports and what this machine is: the edges, without a word of load."""
