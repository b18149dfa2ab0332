"""LeanHttpUser: FastHttpUser's interface on our client (engine/), for ordinary locustfiles."""
