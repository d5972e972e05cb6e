"""How the site of the docs is built: `make docs`. Pages are Markdown; lessons come from scripts."""

import sys
from pathlib import Path

import jupytext

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from trustsim import __version__  # noqa: E402

project = "trustsim"
author = "The trustsim authors"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
root_doc = "contents"
exclude_patterns = ["_build", "images"]
html_theme = "alabaster"
html_theme_options = {
    "description": "what trust between buyers and suppliers is worth",
    "page_width": "1040px",
}
html_title = f"trustsim {release}"
html_show_copyright = False
html_last_updated_fmt = None
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4
napoleon_google_docstring = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]
"""Links out of the docs are held by a test, which knows the whole repository."""


def write_lessons() -> None:
    """Make a page of every lesson."""
    out = HERE / "lessons"
    out.mkdir(exist_ok=True)
    for lesson in sorted((HERE.parent / "experiments" / "lessons").glob("*.py")):
        text = jupytext.writes(jupytext.read(lesson), fmt="md")
        body = text.split("---\n", 2)[2].lstrip() if text.startswith("---") else text
        (out / f"{lesson.stem}.md").write_text(body, encoding="utf-8")


write_lessons()
