"""Search in followed lists and in an opened target."""
