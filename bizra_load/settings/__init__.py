"""Options, each with its check: text -> Settings."""
