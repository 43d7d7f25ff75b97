"""Pictures that the server draws: pure functions from data to SVG. The sheet `pictures.css` gives them their colours."""
