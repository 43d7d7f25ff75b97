"""Every way in: HTTP, command line, settings, the embedded database."""
