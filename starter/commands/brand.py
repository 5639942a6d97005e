"""`activation brand preview`: writes every page of the portal with these settings.

It reads only the settings that pages show, and the logo and texts that they name: the file of a
designer may have `[institution]` alone, and no system has to run.
"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

import settings
from starter.output import group, tell
from starter.progress import working

commands = group("The institution's own look.")


@commands.command()
def preview(
    folder: Annotated[Path, typer.Option(help="Write the pages here.")] = Path("brand-preview"),
) -> None:
    """Write every page with the institution's colours, logo and texts, to open in a browser."""
    # Imported here, because no other command needs the portal's pages.
    from starter.brand import pages, static_pages  # noqa: PLC0415

    config = settings.load_for_pages()
    with working("Pages are rendered") as count:
        rendered = asyncio.run(pages.render(config, count))
        heaviest = static_pages.write(config, rendered, folder)
    tell(f"{len(rendered.html)} pages, light and dark: open {folder / 'index.html'}")
    tell(f"The heaviest first visit is {heaviest.page}: {heaviest.size:,} bytes.")
