"""Detectors, monitors, incidents and causes."""
