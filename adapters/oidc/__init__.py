"""The client of the OpenID Connect provider by which staff sign in to the console."""
