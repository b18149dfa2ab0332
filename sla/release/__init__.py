"""What follows a decision: rollout, triggers, checklist, what evidence proves."""
