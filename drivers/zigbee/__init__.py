"""ZigBee coordinators that speak ZNP, on a serial port, a pty, a socket or an in-process pipe."""
