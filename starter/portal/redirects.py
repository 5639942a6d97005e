"""Why a route answers with another page than the one that was asked for."""


class RedirectTo(Exception):
    """The page asked for is not this student's next one; `path` is."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class SessionEnded(RedirectTo):
    """This browser has no session; it may have had one when it was shown the form it sends."""
