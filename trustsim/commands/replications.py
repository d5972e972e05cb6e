"""The page of the docs about published results, done anew.

``python -m trustsim.commands.replications > docs/replications.md`` makes it, in some minutes.
"""

from __future__ import annotations

from trustsim.commands.progress import part_lines
from trustsim.report.validation_page import replications_page
from trustsim.validation.validate import validate

if __name__ == "__main__":
    print(replications_page(validate("published", full=True, progress=part_lines)), end="")
