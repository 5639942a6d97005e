"""Exceptions that redirect a route to another page."""


class RedirectTo(Exception):
    """The requested page is not this student's current one; `path` is."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class SessionEnded(RedirectTo):
    """This browser has no session, or no longer; a form it sends may be from an ended session."""
