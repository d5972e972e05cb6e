"""Search without the compiler, with every number worked out another way."""

from __future__ import annotations

from typing import Any

import pytest
from support.one_order import PLACES
from support.town import shown, town

from trustsim.engine.luck import draw, number_of
from trustsim.market.rooms.search import (
    explore,
    find,
    recommend,
)


def found(world: Any, b: int, search: str) -> int:
    """Whom a buyer finds: by referral, by rating, or the first stranger by chance."""
    *three, other = draw(world.market[0], number_of("search"), b)
    known = set(world.ties["supplier"][b].tolist())

    def good(s: int) -> bool:
        return bool(world.suppliers["listed"][s] == 1 and s not in known)

    if search == "referral":
        named = int(world.buyers["recommends"][int(other * len(world.buyers))])
        if named >= 0 and good(named):
            return named
    strangers = [s for s in (int(chance * 9) for chance in three) if good(s)]
    if not strangers:
        return -1
    return max(strangers, key=lambda s: shown(world, s)) if search == "rating" else strangers[0]


RULES = {"random": 0, "rating": 1, "referral": 2}


@pytest.mark.parametrize("search", RULES)
def test_whom_a_buyer_finds(search: str) -> None:
    world, _ = town({"search": search, "exploration": 0.0})
    rule = int(world.buyer_policies["search"][0])
    results = [int(find(world, b, rule)) for b in PLACES]
    assert results == [found(world, b, search) for b in PLACES]
    assert -1 in results
    assert len(set(results)) >= 5


@pytest.mark.parametrize("exploration", [0.6, 1.0])
def test_the_weakest_contact_makes_room(exploration: float) -> None:
    world, _ = town({"exploration": exploration})
    seen = set()
    for b in PLACES:
        ties = world.ties[b]
        ties["owed"] = [100 * (k == b % 6) for k in range(6)]
        partner = int(ties["supplier"][(b + 1) % 6])
        world.buyers["partner"][b] = partner
        if b % 9 == 8:
            ties["owed"] = 100
        before = ties["supplier"].tolist()
        chance = draw(world.market[0], number_of("referral"), b)[0]
        newcomer = found(world, b, "random")
        free = [k for k in range(6) if ties["owed"][k] == 0 and before[k] != partner]
        moves = chance < exploration and newcomer >= 0 and free
        expected = min(free, key=lambda k: float(ties["retained"][k])) if moves else -1
        assert explore(world, b) == expected
        after = list(before)
        if moves:
            after[expected] = newcomer
            assert ties["retained"][expected] == 0.0
            assert ties["orders"][expected] == 0
        assert ties["supplier"].tolist() == after
        seen.add(expected)
    assert len(seen) >= 4


def test_the_most_trusted_that_was_tried_is_recommended() -> None:
    world, _ = town()
    named = []
    for b in PLACES:
        ties = world.ties[b]
        ties["orders"] = [(b + k) % 3 for k in range(6)]
        ties["supplier_good"][b % 6] = ties["supplier_bad"][b % 6] = 2.0  # as likely good as bad
        if b % 9 == 0:
            ties["supplier_good"] = 1.0
            ties["supplier_bad"] = 1.0
        if b % 2:
            ties["supplier_conduct"][(b + 1) % 6] = 3  # that relation is over
        trust = {
            k: float(ties["supplier_good"][k])
            / float(ties["supplier_good"][k] + ties["supplier_bad"][k])
            for k in range(6)
            if ties["orders"][k] > 0 and ties["supplier_conduct"][k] != 3
        }
        best = max(trust, key=lambda k: trust[k])
        expected = int(ties["supplier"][best]) if trust[best] > 0.5 else -1
        recommend(world.buyers[b], world.ties, b)
        assert world.buyers["prefers"][b] == expected
        named.append(expected)
    assert -1 in named
    assert len(set(named)) >= 5
