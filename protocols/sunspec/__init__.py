"""SunSpec information models as layouts."""
