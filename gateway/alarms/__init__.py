"""The alarms: states of IEC 62682, grouping, suppression, first-out, escalation. Pure: time comes as an argument."""
