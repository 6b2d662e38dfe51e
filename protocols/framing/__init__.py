"""Checksums and stream framing that several protocols share."""
