"""Power-line modems on a serial port, a pty, a socket or an in-process pipe."""
