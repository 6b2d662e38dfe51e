"""Readings become energy, sums and news for the broker."""
