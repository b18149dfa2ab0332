"""Run folder + agreement -> assessment, documents, evidence."""
