"""A radio behind a microcontroller on a serial port, a pty, a socket or an in-process pipe."""
