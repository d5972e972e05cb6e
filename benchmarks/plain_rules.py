"""The decision rules of the market as plain functions: what a policy's rule names stand for."""

from functools import lru_cache
from math import comb, exp, log
from types import SimpleNamespace

JOINT, PLATFORM, COURT, WRITE_OFF = range(4)


def updated(count, prior, forgetting, news=0.0):
    """Discount a Beta count towards its prior and add the news."""
    return prior + forgetting * (count - prior) + news


def lifted(mean, goodwill, market):
    """Trust: the mean belief, lifted by goodwill."""
    return mean + market.goodwill_bonus * goodwill * (1.0 - mean)


def future(margin, retained, discount):
    """Discounted value of going on: a margin a round, kept with probability retained."""
    kept = discount * min(retained, 0.999)
    return max(margin, 0.0) * kept / (1.0 - kept)


def equilibrium_bid(cost, ceiling, bidders):
    """Bid in a first-price procurement auction with costs uniform up to the ceiling."""
    return cost + max(ceiling - cost, 0.0) / bidders


def award_of(evidence):
    """Chance that a third party finds for the side that is right."""
    return 0.5 * (1.0 + evidence)


def recovery(market, remoteness):
    """Share of an award that its holder can expect to be paid by law."""
    return market.enforcement * market.locatable * (1.0 - 0.5 * remoteness)


# Award: score of a bidder (bid, cost of leaving and of qualifying, trust, noisy utility).


def award_lowest_bid(policy, market, offer, reference):
    return -(offer.price + offer.leaving)


def award_total_cost(policy, market, offer, reference):
    risk = market.defect_bad * market.failure_cost * (1.0 - offer.trust)
    return -(offer.price + offer.leaving + risk * market.lot_cost + offer.qualifying)


def award_logit(policy, market, offer, reference):
    apart = policy.attraction_weight + policy.trust_weight + policy.rating_weight > 0.0
    price = offer.price + (0.0 if apart else offer.leaving)
    return offer.utility - policy.price_weight * (price / reference - 1.0)


# Haggling: hours.


def haggle_none(policy, market, ask, lots, trust):
    return 0.0


def haggle_fixed(policy, market, ask, lots, trust):
    return policy.haggling_hours


def haggle_marginal(policy, market, ask, lots, trust):
    gain = market.haggle_rate * (ask - market.cost_low * market.lot_cost) * lots
    if gain <= market.hour_cost or market.haggle_rate <= 0.0:
        return 0.0
    if market.hour_cost <= 0.0:
        return policy.haggling_hours
    return log(gain / market.hour_cost) / market.haggle_rate


def haggle_by_distrust(policy, market, ask, lots, trust):
    return policy.haggling_hours * (1.0 - trust)


# Terms of payment: what the pair minimises, from the expected costs of buyer and supplier.


def terms_joint_cost(buyer_cost, supplier_cost):
    return buyer_cost + supplier_cost


def terms_buyer_dictates(buyer_cost, supplier_cost):
    return buyer_cost + 1e-6 * supplier_cost


def terms_supplier_dictates(buyer_cost, supplier_cost):
    return supplier_cost + 1e-6 * buyer_cost


# Disclosure: probability. What telling is worth and costs is weighed by who calculates.


def disclose_never(policy, trust, orders, partner_shared, gain, loss):
    return 0.0


def disclose_always(policy, trust, orders, partner_shared, gain, loss):
    return policy.disclosure


def disclose_by_trust(policy, trust, orders, partner_shared, gain, loss):
    return policy.disclosure * trust


def disclose_reciprocal(policy, trust, orders, partner_shared, gain, loss):
    if orders == 0:
        return policy.disclosure * trust
    return policy.disclosure if partner_shared else 0.0


def disclose_calculative(policy, trust, orders, partner_shared, gain, loss):
    return policy.disclosure * conduct_calculative(policy, gain, loss, None, None, None)


# Conduct: probability of opportunism. Past conduct is None (no order yet), "fair" or "cheated".


def conduct_never(policy, gain, loss, opportunism, partner_conduct, own_conduct):
    return 0.0


def conduct_always(policy, gain, loss, opportunism, partner_conduct, own_conduct):
    return 1.0


def conduct_propensity(policy, gain, loss, opportunism, partner_conduct, own_conduct):
    return policy.propensity * opportunism


def conduct_calculative(policy, gain, loss, opportunism, partner_conduct, own_conduct):
    stake = abs(gain) + abs(loss)
    if stake <= 0.0:
        return 0.0
    excess = (gain - loss) / (policy.noise * stake)
    if excess > 500.0:
        return 1.0
    if excess < -500.0:
        return 0.0
    return 1.0 / (1.0 + exp(-excess))


def conduct_reciprocal(policy, gain, loss, opportunism, partner_conduct, own_conduct):
    if partner_conduct is None:
        return policy.first_move
    if own_conduct == "cheated":
        if partner_conduct == "cheated":
            return policy.after_both_cheated
        return policy.after_own_cheating
    if partner_conduct == "cheated":
        return policy.after_partner_cheated
    return policy.after_both_fair


def gravity(policy):
    """Part of temptations that goes to the worst: theft, or the denial of a debt."""
    return 1.0 if policy.conduct is conduct_calculative else policy.worst


# Inspection: probability of a look at the lot.


def inspect_none(policy, market, tie, trust, price):
    return 0.0


def inspect_all(policy, market, tie, trust, price):
    return 1.0


def inspect_fixed(policy, market, tie, trust, price):
    return policy.inspection_rate


def inspect_by_trust(policy, market, tie, trust, price):
    relative = min((1.0 - trust) / 0.5, 1.0)
    return policy.inspection_rate * relative**policy.trust_power


def inspect_deming(policy, market, tie, trust, price):
    expected = market.defect_good + (market.defect_bad - market.defect_good) * (1.0 - trust)
    if market.failure_cost <= 0.0:
        return 1.0 if expected > 1.0 else 0.0
    return 1.0 if expected > market.inspection_cost / market.failure_cost else 0.0


def inspect_equilibrium(policy, market, tie, trust, price):
    found = market.sensitivity * max(market.defect_bad - market.defect_good, 0.0)
    stake = found * (market.rework_cost + market.fine) * market.lot_cost
    saving = market.shading_saving * price
    return 1.0 if saving >= stake else saving / stake


def inspect_sampling(policy, market, tie, trust, price):
    return 0.25 if tie.clean >= 10 else 1.0


@lru_cache
def acceptance(items, allowed, fraction):
    """Probability that a sample has at most so many defective items."""
    return min(
        sum(
            comb(items, found) * fraction**found * (1.0 - fraction) ** (items - found)
            for found in range(min(allowed, items) + 1)
        ),
        1.0,
    )


# Escalation: route of a grievance, from the wronged side's trust, the evidence and the stake.


def escalate_joint_first(market, trust, evidence, stake):
    return JOINT if trust >= market.dispute_trust_threshold else PLATFORM


def escalate_platform(market, trust, evidence, stake):
    return PLATFORM


def escalate_court(market, trust, evidence, stake):
    return COURT


def escalate_write_off(market, trust, evidence, stake):
    return WRITE_OFF


def escalate_cheapest(market, trust, evidence, stake):
    right = award_of(evidence)
    effort = market.dispute_hours * market.hour_cost
    platform = right * stake - effort - (1.0 - right) * market.platform_fee * market.lot_cost
    court = right * market.enforcement * market.locatable * stake - effort
    court -= (1.0 - right) * market.court_fee * market.lot_cost
    together = market.joint_success * trust * stake - market.joint_hours * market.hour_cost
    if together > 0.0 and together >= platform and together >= court:
        return JOINT
    if platform > 0.0 and platform >= court:
        return PLATFORM
    return COURT if court > 0.0 else WRITE_OFF


DECISIONS = {
    "award": "award",
    "haggling": "haggle",
    "terms": "terms",
    "disclosure_rule": "disclose",
    "conduct": "conduct",
    "inspection": "inspect",
    "escalation": "escalate",
}
"""Parameters of a policy that name a rule, and the first word of the rules' functions."""


def with_rules(policy, noise):
    """Copy a policy, with the noise of its side; the names of rules become their functions."""
    values = {**policy.model_dump(), "noise": noise}
    for parameter, decision in DECISIONS.items():
        if parameter in values:
            values[parameter] = globals()[f"{decision}_{values[parameter]}"]
    return SimpleNamespace(**values)
