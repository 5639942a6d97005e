"""Chooses a page's language: by query, cookie, Accept-Language header, or the default."""

from starlette.requests import Request

from domain.contracts.vocabulary import Language


def choose(request: Request, kept: str | None, usual: Language) -> Language:
    accepted = _accepted(request.headers.get("accept-language", ""))
    for choice in (request.query_params.get("lang"), kept, *accepted):
        if choice in list(Language):
            return Language(choice)
    return usual


def _accepted(header: str) -> list[str]:
    """Return the languages of an Accept-Language header by weight, without their regions."""
    weighed = []
    for item in header.split(",")[:20]:
        name, _, weight = item.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), name.split("-")[0].lower()))
        except ValueError:
            continue
    return [name for _, name in sorted(weighed, key=lambda pair: pair[0])]
