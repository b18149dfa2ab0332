"""The files of a run folder, by name."""

from __future__ import annotations

RECORD = "run.json"
WINDOWS, HEALTH, FAILURES, SERVER, TARGET = "windows.jsonl", "health.jsonl", "failures.jsonl", "server.jsonl", "target.jsonl"
MERGED_ROWS, MERGED_COLUMNS = "merged.jsonl", "merged.bin"
AGREEMENT, BASELINE = "agreement.yaml", "baseline.json"
ASSESSMENT, ASSESSMENT_MARKDOWN = "assessment.json", "assessment.md"
CHECKSUMS, ASSESSMENT_CHECKSUM = "SHA256SUMS", "assessment.sha256"
