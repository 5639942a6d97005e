"""Reads what stands under the names in the code, and writes Markdown."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

NOTE = "<!-- Made by `make reference` from the code; a test compares it. Do not edit it here. -->"


def page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", NOTE, *parts]) + "\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a bar in a cell would begin another one."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"|{'|'.join(map(_cell, line))}|" for line in lines)


def _cell(text: str) -> str:
    bars = text.replace("|", "\\|")
    return f" {bars} " if bars else " "


def code(text: str) -> str:
    return f"`{text}`"


def meanings(defined: type) -> Mapping[str, str]:
    """Return the text that stands below each name in the body of this class."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(defined))).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for name, below in zip(body.body, body.body[1:], strict=False):
        match name, below:
            case (
                ast.AnnAssign(target=ast.Name(id=word)) | ast.Assign(targets=[ast.Name(id=word)]),
                ast.Expr(value=ast.Constant(value=str() as text)),
            ):
                found[word] = linked(inspect.cleandoc(text))
    return found


def linked(text: str) -> str:
    """Return a text of the code, whose links are as in docs/, for a page of docs/reference/."""
    return re.sub(r"\]\((?=[\w-]+\.md)", "](../", text)


def flat(text: str) -> str:
    return " ".join(text.split())
