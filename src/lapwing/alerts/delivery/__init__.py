"""Incidents told to people: who wants what and when, messages, the outbox, the ways out."""
