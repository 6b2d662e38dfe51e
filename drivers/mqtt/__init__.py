"""MQTT as a medium: one session contract, a real broker or an in-process one behind it."""
