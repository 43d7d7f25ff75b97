"""What each reader is shown, built only from a recorded disclosure."""
