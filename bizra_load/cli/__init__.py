"""The command line: argparse, one file a verb."""
