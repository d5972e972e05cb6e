"""What a scenario says when it is refused, and a rule of one's own to give it."""

from __future__ import annotations

from typing import Any

import pytest

from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError


def message(*args: Any, **keywords: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        Scenario(*args, **keywords)
    return str(caught.value)


def always(order: Any, tie: Any, policy: Any) -> float:
    return 1.0
