"""Finding: what a query means in followed lists, or in one target that is open. `finder.py` is what screens and commands ask."""
