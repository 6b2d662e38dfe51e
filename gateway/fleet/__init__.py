"""Polling: one task per link."""
