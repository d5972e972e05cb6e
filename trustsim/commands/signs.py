"""The page of the docs about signs, measured anew.

``python -m trustsim.commands.signs > docs/signs.md`` makes it, in some minutes.
"""

from __future__ import annotations

from trustsim.commands.progress import part_lines
from trustsim.report.validation_page import docs_page
from trustsim.validation.validate import validate

if __name__ == "__main__":
    print(docs_page(validate("signs", progress=part_lines)), end="")
