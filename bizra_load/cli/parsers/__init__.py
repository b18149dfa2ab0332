"""The options of each verb. Light to import: --help needs nothing else."""
