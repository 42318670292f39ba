"""What mails mean: pure functions, no I/O, no clock, no globals."""
