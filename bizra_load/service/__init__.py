"""Any service, of which nothing is known but what an agreement says: no alert rules, no panels, no scenario, no node."""
