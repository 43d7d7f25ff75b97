"""Pages for people: rendered here, and signed in by modules that run in the browser (``static``)."""
