"""The features of the main screen, one controller each."""
