"""The mechanisms of the market: what each one is, which parameters it owns, and how it is absent.

Every parameter belongs to the core of its room or to one mechanism. With the parameters in `absent`
at the values that stand there a mechanism is off, and no other parameter that it owns changes a
bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from trustsim.schema.row import Parameter, Value

Absent = Value | Mapping[str, str]
"""The value at which a parameter is absent; a mapping replaces single choices by others."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism of the market.

    Attributes
    ----------
    name : str
        Name in ``without``.
    room : str
        Where it is at work: a module of `trustsim.market.rooms`, or ``population``.
    text : str
        What it is.
    absent : mapping
        Parameters of the market, of policies and of instruments, with the values at which the
        mechanism is absent.
    owns : tuple of str
        Its other parameters, which say nothing when it is absent.
    needs : tuple of str
        Mechanisms that it stands on: it is off when one of them is.
    luck : tuple of str
        Its chance events.
    measures : tuple of str
        Measures in which it shows first.
    """

    name: str
    room: str
    text: str
    absent: Mapping[str, Absent]
    owns: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    luck: tuple[str, ...] = ()
    measures: tuple[str, ...] = field(default=("total_cost",))

    @property
    def parameters(self) -> tuple[str, ...]:
        """All parameters that belong to it."""
        return (*self.absent, *self.owns)

    @property
    def label(self) -> str:
        """Name for people."""
        return self.name.replace("_", " ")


ROWS = (
    Mechanism(
        "referrals", "sourcing", "A new supplier is found by asking another buyer whom it trusts.",
        {"search": {"referral": "random"}}, luck=("search",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "random_endings", "sourcing", "Relations end by chance, and strangers take their place.",
        {"break_rate": 0.0}, luck=("continuation",), measures=("loyalty", "cost_switching"),
    ),
    Mechanism(
        "hold_up", "negotiation",
        "A lone supplier asks part of what leaving it would cost (Klein, Crawford & Alchian 1978).",
        {"hold_up": 0.0}, measures=("cost_price",),
    ),
    Mechanism(
        "pass_on", "negotiation", "Suppliers add to their bids what dealing with buyers costs.",
        {"pass_on": 0.0}, measures=("cost_price", "supplier_profit"),
    ),
    Mechanism(
        "cost_to_serve", "negotiation",
        "A supplier knows what this buyer has cost it (Niraj, Gupta & Narasimhan 2001).",
        {"cost_to_serve": 0.0}, needs=("pass_on",), measures=("cost_price",),
    ),
    Mechanism(
        "known_odds", "negotiation",
        "Bidders know how often they win with a buyer (McAfee & McMillan 1989).",
        {"known_odds": 0}, measures=("cost_price",),
    ),
    Mechanism(
        "bid_entry", "negotiation",
        "A supplier bids only if its chance to win is worth the bid (Levin & Smith 1994).",
        {"bid_entry": 0}, measures=("cost_price",),
    ),
    Mechanism(
        "relational_prices", "negotiation", "A supplier forgoes margin for a buyer that it trusts.",
        {"relational_price": 0.0}, measures=("cost_price",),
    ),
    Mechanism(
        "saved_contracts", "negotiation",
        "Contracts and haggling become less with trust (Dyer & Chu 2003).",
        {"contract_trust": 0.0, "haggling": {"by_distrust": "fixed"}},
        measures=("cost_negotiation", "transaction_time_share"),
    ),
    Mechanism(
        "credit_risk", "payment_terms",
        "Each side weighs what it may lose to a partner that does not perform.",
        {"credit_loss": 0.0, "advance_loss": 0.0}, ("unseen_exposure",),
        measures=("no_terms_rate",),
    ),
    Mechanism(
        "reach", "payment_terms", "Some instruments do not work at remote sites.",
        {"reach": 1.0}, measures=("no_terms_rate",),
    ),
    Mechanism(
        "familiarity", "payment_terms",
        "Instruments that are novel are avoided until others have used them well.",
        {"familiarity_weight": 0.0}, ("familiarity_start", "novel"), measures=("no_terms_rate",),
    ),
    Mechanism(
        "information_sharing", "information_sharing",
        "The two disclose plans and ideas to each other, which takes hours.",
        {"disclosure_rule": "never"}, ("disclosure", "disclosure_hours"), luck=("disclosure",),
        measures=("knowhow", "cost_delay"),
    ),
    Mechanism(
        "forecasts", "information_sharing",
        "Supply is planned on the forecast that a buyer discloses (Lee, So & Tang 2000).",
        {"forecasts": 0}, needs=("information_sharing",), measures=("cost_delay",),
    ),
    Mechanism(
        "ideas", "information_sharing",
        "What is disclosed becomes know-how, which lowers cost, defects, lateness and hours.",
        {"knowhow_rate": 0.0},
        ("knowhow_gain", "knowhow_erosion", "gain_sharing", "knowhow_ease", "knowhow_quality",
         "knowhow_punctuality"),
        needs=("information_sharing",), measures=("knowhow", "cost_price"),
    ),
    Mechanism(
        "leakage", "information_sharing", "What a buyer discloses leaks at an opportunist.",
        {"leak_rate": 0.0}, ("leak_loss",), needs=("information_sharing",), luck=("disclosure",),
        measures=("cost_leakage",),
    ),
    Mechanism(
        "misunderstanding", "information_sharing", "Orders are misunderstood where little is said.",
        {"misunderstanding": 0.0}, ("misunderstanding_cost",), luck=("disclosure",),
        measures=("cost_delay",),
    ),
    Mechanism(
        "specific_assets", "information_sharing",
        "Trusted suppliers build what serves one buyer only (Williamson 1985).",
        {"asset_rate": 0.0}, ("asset_saving", "asset_cost", "asset_lock"),
        measures=("cost_sourcing", "cost_switching"),
    ),
    Mechanism(
        "new_owners", "production", "A supplier's character changes with a new owner.",
        {"turn_rate": 0.0}, luck=("cost", "character"), measures=("supplier_opportunism_rate",),
    ),
    Mechanism(
        "future", "production",
        "Margins and know-how to come count: relations are worth keeping (Klein & Leffler 1981).",
        {"discount": 0.0}, measures=("supplier_opportunism_rate", "buyer_opportunism_rate"),
    ),
    Mechanism(
        "lateness", "delivery", "Deliveries are late, more of them under load.",
        {"late_rate": 0.0}, ("capacity",), luck=("delivery",), measures=("cost_delay",),
    ),
    Mechanism(
        "transit_loss", "delivery", "Lots are lost on the way.",
        {"transit_loss": 0.0}, luck=("delivery",), measures=("cost_delay",),
    ),
    Mechanism(
        "documents", "delivery", "Shipping documents are lost, unless a second set is sent.",
        {"document_loss": 0.0, "courier_cost": 0.0}, ("demurrage",), luck=("delivery",),
        measures=("cost_delay",),
    ),
    Mechanism(
        "outgoing_inspection", "inspection", "Honest suppliers inspect lots before they leave.",
        {"outgoing_inspection": 0.0}, measures=("cost_failure", "supplier_profit"),
    ),
    Mechanism(
        "saved_inspection", "inspection", "Inspection becomes less with trust (Dyer & Chu 2003).",
        {"inspection": {"by_trust": "fixed"}}, ("trust_power",), measures=("inspection_rate",),
    ),
    Mechanism(
        "failures", "inspection", "Defects that escape fail in use, at the buyer's cost.",
        {"failure_cost": 0.0}, measures=("cost_failure",),
    ),
    Mechanism(
        "unloading", "settlement", "At remote sites goods are unloaded before they are paid for.",
        {"collection_failure": 0.0}, measures=("arrears_days",),
    ),
    Mechanism(
        "strain", "settlement", "Buyers pay late for want of money.",
        {"strain": 0.0}, ("strain_days",), luck=("settlement",), measures=("arrears_days",),
    ),
    Mechanism(
        "late_on_purpose", "settlement", "Buyers pay late because it pays, and are chased.",
        {"late_on_purpose": 0},
        ("lateness", "late_gain", "late_damage", "arrears_hazard", "arrears_interest", "law_age",
         "late_interest_waived"),
        luck=("settlement", "arrears"), measures=("arrears_days", "buyer_opportunism_rate"),
    ),
    Mechanism(
        "chasing", "settlement", "Overdue invoices are chased, which costs both sides hours.",
        {"chase_hours": 0.0}, needs=("late_on_purpose",), measures=("buyer_opportunism_rate",),
    ),
    Mechanism(
        "warranty", "settlement", "A supplier makes good a failure that is traced to it.",
        {"warranty": 0.0}, needs=("failures",),
        measures=("supplier_opportunism_rate", "cost_failure"),
    ),
    Mechanism(
        "false_claims", "settlement", "Buyers deny a debt: paid, not received, not as agreed.",
        {"false_claims": 0},
        ("claim_penalty", "payment_record", "delivery_record", "off_platform"),
        luck=("settlement", "supplier dispute"), measures=("buyer_opportunism_rate",),
    ),
    Mechanism(
        "fines", "disputes", "The platform fines a listed supplier that is found at fault.",
        {"fine": 0.0}, measures=("supplier_opportunism_rate",),
    ),
    Mechanism(
        "advance_compensation", "disputes",
        "The platform pays a part of a loss at once and recovers it from the supplier.",
        {"advance_compensation": 0.0}, measures=("cost_failure", "cost_bad_debt"),
    ),
    Mechanism(
        "ratings", "reputation",
        "Buyers rate their orders in public, and choose and judge strangers by what they read.",
        {"rating_rate": 0.0, "reputation_weight": 0.0, "rating_weight": 0.0,
         "search": {"rating": "random"}},
        ("rating_error", "rating_forgetting"), luck=("rating",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "tiers", "reputation", "Suppliers of the top tier stand out.",
        {"tier_bonus": 0.0}, ("tier_threshold",), needs=("ratings",), measures=("loyalty",),
    ),
    Mechanism(
        "streaks", "reputation", "A visible streak of clean orders makes a supplier stand out.",
        {"streak_bonus": 0.0}, ("streak_threshold",), needs=("ratings",), measures=("loyalty",),
    ),
    Mechanism(
        "delisting", "reputation", "The platform delists suppliers of bad rating.",
        {"delisting_rating": 0.0}, ("delisting_orders",), needs=("ratings",),
        measures=("supplier_opportunism_rate",),
    ),
    Mechanism(
        "new_identities", "reputation", "Delisted suppliers come back under a new name.",
        {"new_identity": 0.0}, needs=("delisting",), luck=("cost", "identity"),
        measures=("supplier_opportunism_rate",),
    ),
    Mechanism(
        "ransom", "reputation", "Opportunistic buyers demand money for not rating badly.",
        {"ransom_rate": 0.0}, ("ransom",), needs=("ratings",), luck=("rating",),
        measures=("cost_dispute", "supplier_profit"),
    ),
    Mechanism(
        "acquaintance", "learning", "Strangers of the same community get credit.",
        {"acquaintance_bonus": 0.0}, ("communities",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "blame", "learning", "An honest mishap is treated as a betrayal.",
        {"blame": 0.0}, luck=("learning",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "voice", "learning", "A dissatisfied buyer speaks instead of leaving (Hirschman 1970).",
        {"voice": 0.0}, ("voice_repair",), luck=("learning",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "exit", "learning", "A wronged side ends the relation (Hirschman 1970).",
        {"exit": 0.0}, luck=("learning",), measures=("loyalty",),
    ),
    Mechanism(
        "redress", "learning",
        "A fault that is made good at once weighs less (Smith, Bolton & Wagner 1999).",
        {"redress": 0.0}, measures=("loyalty", "trust_in_suppliers"),
    ),
    Mechanism(
        "goodwill", "learning", "Care and attention make goodwill, which lifts trust.",
        {"goodwill_bonus": 0.0, "care": 0.0}, ("care_cost",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "upkeep", "learning", "Relations fade, and are tended so that they do not.",
        {"upkeep": 0.0, "goodwill_erosion": 0.0, "idle_forgetting": 1.0},
        measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "bankruptcy", "population", "A supplier beyond its credit line is replaced by a newcomer.",
        {"bankruptcy": 0}, ("credit_line",), luck=("identity",), measures=("cost_switching",),
    ),
    Mechanism(
        "cost_shocks", "population", "Shocks hit the costs of all suppliers, and fade.",
        {"shock_rate": 0.0}, ("shock_size",), luck=("shock",), measures=("cost_price",),
    ),
    Mechanism(
        "technology_shocks", "population", "Technology changes, and know-how loses value.",
        {"technology_rate": 0.0}, ("technology_loss",), needs=("ideas",), luck=("shock",),
        measures=("knowhow",),
    ),
    Mechanism(
        "imitation", "population",
        "Agents adopt the policies of others that fare better (Traulsen, Nowak & Pacheco 2006).",
        {"imitation_rate": 0.0}, ("imitation_noise", "mutation"),
        luck=("buyer imitation", "supplier imitation"),
    ),
)  # fmt: skip

MECHANISMS: Mapping[str, Mechanism] = MappingProxyType({row.name: row for row in ROWS})
"""All mechanisms by name, in the order of the rooms."""

OWNERS: Mapping[str, str] = MappingProxyType(
    {
        parameter: row.name
        for row in ROWS
        for parameter in row.parameters
        if not isinstance(row.absent.get(parameter), Mapping)
    }
)
"""Mechanism of every parameter that belongs to one. A choice such as ``search`` is the core of its
room; some of what can be chosen is a mechanism's."""


def off_without(names: Iterable[str]) -> tuple[str, ...]:
    """Give what is off without some mechanisms: these, and all that stand on them.

    Parameters
    ----------
    names : iterable of str
        Names of mechanisms.

    Returns
    -------
    tuple of str
        Names in the order of `MECHANISMS`.
    """
    off = set(names)
    while off and (more := {row.name for row in ROWS if off & set(row.needs)} - off):
        off |= more
    return tuple(name for name in MECHANISMS if name in off)


WITHOUT = "without"
"""Path of a design, and column of its runs, that says which mechanism is off."""

NOTHING = "nothing"
"""Value of `WITHOUT` for the full market."""

SWITCH = Parameter(
    WITHOUT, NOTHING, 0, 0, "mechanism", "A mechanism that is switched off.",
    "assumption: what it adds is the difference that it makes", "", (NOTHING, *MECHANISMS),
)  # fmt: skip
"""The row of a design's dimension: nothing, or a mechanism that is off in addition."""
