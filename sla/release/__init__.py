"""What follows a decision: rollout, triggers, checklist, evidence, earlier runs."""
