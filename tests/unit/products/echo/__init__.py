"""A second product: a service that echoes. Its room would stand beside poi/."""
