"""Makes pages that the forge shows as they are fit for the site: a hook of mkdocs.yml.

Pages of the root folder become pages of the site, and so do the pictures; links to code lose their
target, because the site has no code.
"""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
OF_THE_ROOT = {"README.md": "start.md", "SECURITY.md": "report.md", "CHANGELOG.md": "changelog.md"}
"""Pages of the root folder, by what they are called on the site."""
PICTURES = "screenshots/index.md"
_LINK = re.compile(r"(?<!!)\[((?:[^][]|\[[^]]*\])+)\]\(([^)\s#]*)(#[^)\s]*)?\)")
_MERMAID = re.compile(r"^```mermaid$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Complete the list of pages by the decisions, and the languages of the search by Greek."""
    config.plugins["material/search"].config.lang = ["en", "el"]
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    config.nav[-1] = {"Decisions": [f"decisions/{file.name}" for file in decisions]}
    return config


def on_files(files: Any, config: Any) -> Any:
    for source, name in OF_THE_ROOT.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, name, content=_of_the_root(text)))
    files.append(File.generated(config, PICTURES, content=_pictures()))
    return files


def _of_the_root(text: str) -> str:
    """Return the page with its links as from docs/."""
    text = re.sub(r'src="docs/', 'src="', text)
    return _LINK.sub(lambda link: _moved(link[1], link[2], link[3] or ""), text)


def _moved(text: str, target: str, anchor: str) -> str:
    if not target or "://" in target:
        return f"[{text}]({target}{anchor})"
    inside = target.removeprefix("docs/")
    return f"[{text}]({inside if inside != target else f'../{target}'}{anchor})"


def _pictures() -> str:
    names = sorted(file.name for file in (ROOT / "docs" / "screenshots").glob("*.webp"))
    shown = [
        f"## {name.removesuffix('.webp')}\n\n![{name}]({name}){{ loading=lazy }}" for name in names
    ]
    return "\n\n".join(["# Pages of students and staff", *shown]) + "\n"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links at pages of the site; drop those that lead to code."""
    folder = Path("docs", page.file.src_uri).parent

    def link(found: re.Match[str]) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        if not target or "://" in target or target.startswith("mailto:"):
            return found[0]
        path = (ROOT / folder / target).resolve()
        if path == ROOT / "docs" / "screenshots":
            return f"[{text}]({_up(folder)}{PICTURES})"
        if path.is_relative_to(ROOT / "docs"):
            return found[0]
        name = OF_THE_ROOT.get(str(path.relative_to(ROOT)))
        return f"[{text}]({_up(folder)}{name}{anchor})" if name else text

    return _MERMAID.sub("```text", _LINK.sub(link, markdown))


def _up(folder: Path) -> str:
    return "../" * (len(folder.parts) - 1)
