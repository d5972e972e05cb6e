"""The page of the docs about cases, from their files and their runs.

``python -m trustsim.commands.cases_docs > docs/cases.md`` makes it; what is already in
``results/cases`` is not run again.
"""

from __future__ import annotations

from trustsim.commands.cases import judged_cases
from trustsim.report.cases_page import docs_page

if __name__ == "__main__":
    print(docs_page(*judged_cases(None)), end="")
