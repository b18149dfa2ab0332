"""What the load generator itself added: late arrivals, waits for connections and cores."""
