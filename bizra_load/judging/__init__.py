"""Run folder + agreement -> answer, documents, evidence."""
