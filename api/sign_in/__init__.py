"""Ways to sign in: each ends in a session, which says who it is and what they act as."""
