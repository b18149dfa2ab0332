"""The reference PoI node: a real server with real Ed25519, and faults that can be switched on for rehearsals."""
