"""Rockcore microinverters: they dial an MQTT broker and report by themselves (the jowoiot family)."""
