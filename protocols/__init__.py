"""Pure protocol codecs: bytes in, values out; no I/O, no clock, no third-party library."""
