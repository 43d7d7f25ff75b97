"""Pictures that the server draws: pure functions from data to SVG. `pictures.css` gives them their colours."""
