"""A service that fails, or ceases to respond, where no latency shows it."""
