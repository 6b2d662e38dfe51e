"""Atmoce MI series over the open PLC profile: see README.md in this folder."""
