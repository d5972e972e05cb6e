"""The description of the model, by the ODD protocol, as a document of its own."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt

from trustsim import __version__
from trustsim.config.shipped import shipped_folder
from trustsim.errors import clear_errors
from trustsim.experiment.storage.files import written

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>trustsim {version}: the model, by the ODD protocol</title>
<style>
{style}
pre {{ background: #f4f4f4; padding: .6rem; overflow-x: auto; font-size: .85rem; }}
@media print {{ pre {{ white-space: pre-wrap; }} h2, h3, h4 {{ break-after: avoid; }} }}
</style>
</head>
<body>
{body}
<p class="note">trustsim {version}</p>
</body>
</html>
"""


def write_odd(path: Path) -> Path:
    """Write the description of the model as a page that needs nothing beside it.

    Raises
    ------
    ConfigError
        If it cannot be written.
    """
    text = (shipped_folder("docs") / "odd.md").read_text(encoding="utf-8")
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    style = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
    page = PAGE.format(version=__version__, style=style, body=parser.render(text))
    with clear_errors(path), written(path) as file:
        file.write(page.encode("utf-8"))
    return path
