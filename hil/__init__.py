"""The HIL kit: scripted grids and faults against an emulated or a real gateway, with verdicts that mean something."""
