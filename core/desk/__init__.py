"""The use cases behind the screens and the commands."""
