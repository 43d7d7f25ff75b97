"""The kit: what the pages look like, made once from nhsuk-frontend with our own theme, and shipped as it was made."""
