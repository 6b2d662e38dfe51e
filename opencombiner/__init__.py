"""The front door: the command line and the demo; composes the rooms below, decides nothing."""
