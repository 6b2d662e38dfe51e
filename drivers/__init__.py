"""Bytes over a medium; a driver knows no vendor."""
