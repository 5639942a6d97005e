"""Every class of the pages' own has its rule in the stylesheet."""

import re

from settings.section import TREE

TEMPLATES = TREE / "templates"
CLASS = re.compile(r"\bapp-[a-z_-]*[a-z]\b(?!-)")


def test_no_template_names_a_class_that_the_stylesheet_lacks() -> None:
    styled = set(re.findall(r"\.(app-[\w-]+)", (TEMPLATES / "static" / "site.css").read_text()))
    pages = [page.read_text("utf-8") for page in TEMPLATES.rglob("*.html")]
    assert set().union(*map(CLASS.findall, pages)) - styled == set()
