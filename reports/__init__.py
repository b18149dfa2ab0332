"""Assessment -> text. Pure: a renderer returns a string, one place elsewhere writes files."""
