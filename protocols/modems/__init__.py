"""Host-to-modem framing."""
