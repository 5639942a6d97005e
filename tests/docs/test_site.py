"""The site has each page of docs/ in its list, and its lock is made with the others.

`make docs` builds it, and refuses links that lead nowhere.
"""

import re

from tests.documented import ROOT

LISTED = re.findall(r"^ +- .+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
HOOK = (ROOT / "tests" / "site.py").read_text("utf-8")


def test_the_list_of_pages_has_each_once() -> None:
    made = {*re.findall(r'"[A-Z]+\.md": "(\w+\.md)"', HOOK), "screenshots/index.md"}
    docs = ROOT / "docs"
    pages = {str(page.relative_to(docs)) for page in docs.rglob("*.md")}
    pages -= {page for page in pages if page.startswith("decisions/")}
    assert len(LISTED) == len({*LISTED})
    assert {*LISTED} == pages | made
    assert not {*made} & pages


def test_nothing_is_fetched_when_a_page_is_read() -> None:
    settings = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert "font: false" in settings
    assert "://" not in re.sub(r"^ *#.*", "", settings, flags=re.MULTILINE)
    # The theme would fetch what draws these.
    assert "_MERMAID.sub" in HOOK
