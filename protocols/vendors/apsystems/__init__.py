"""APsystems YC600, QS1, QS1A, DS3 and QT2 over ZigBee: see README.md in this folder."""
