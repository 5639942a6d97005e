"""Of a page nothing works once it is there to look at only."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from web.read_only import read_only

PAGE = """<!DOCTYPE html><html><body><script>evil()</script><main id="main-content" class="m">
<h1>Τίτλος &amp; &lt;τέλος&gt;</h1><p onclick="x()" style="color:red">α<br>β</p>
<form method="post" action="/pin"><input type="hidden" name="csrf" value="secret">
<label for="pin">PIN</label><input id="pin" name="pin" value="123456" autofocus formaction="/x">
<textarea name="note">note</textarea>
<button type="submit" name="a" value="b" data-shows="pin">Go</button>
</form>
<a class="govuk-link" href="/problem/A">help</a><noscript><meta http-equiv="refresh"></noscript>
<script>more()</script><svg viewBox="0 0 1 1"><path d="M0 0"/></svg></main>
<footer>out</footer></body></html>"""


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_a_page_keeps_its_look_and_nothing_that_works() -> None:
    told = read_only(PAGE, "main-content")
    assert "<h1>Τίτλος &amp; &lt;τέλος&gt;</h1><p>α<br>β</p>" in told
    assert '<a class="govuk-link">help</a>' in told
    assert '<input id="pin" disabled>' in told
    assert '<button type="submit" disabled>Go</button>' in told
    assert '<svg viewBox="0 0 1 1"><path d="M0 0"></path></svg>' in told
    for gone in ("script", "form", "csrf", "secret", "123456", "refresh", "evil", "more", "out<"):
        assert gone not in told


def test_a_page_without_that_part_is_empty() -> None:
    assert read_only("<p>x</p>", "main-content") == ""


ODD = st.text("<>&\"'=/ abcx\n") | st.sampled_from(["<script>", "</main>", "<a href=x>", "<form>"])


@given(st.lists(ODD, max_size=12).map("".join))
def test_whatever_stands_there_nothing_leads_or_runs(inside: str) -> None:
    seen = Seen()
    seen.feed(read_only(f'<main id="m"><div>{inside}</div></main>', "m"))
    for tag, attributes in seen.tags:
        assert tag not in ("script", "form", "iframe")
        assert not {"href", "action", "formaction", "onclick", "style", "src"} & {*attributes}
