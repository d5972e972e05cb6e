"""What a buyer or a supplier decides by: one row of rules and dispositions a policy.

Defaults are neutral; the built-in policies in ``trustsim/library/policies`` set what makes them.
"""

from __future__ import annotations

from trustsim.schema.row import PROBABILITY, in_room, number, rule

NEUTRAL = "assumption: neutral; the built-in policies say what differs and why"
CONDUCT = ("never", "always", "propensity", "calculative", "reciprocal")
DISCLOSURE = ("never", "always", "by_trust", "reciprocal", "calculative")

COMMON = in_room(
    "production",
    rule("conduct", "calculative", CONDUCT,
         "Whether to be opportunistic when there is something to gain.",
         "never, always, fixed propensity; Klein & Leffler 1981 and McKelvey & Palfrey 1995 "
         "(calculative); memory-one strategies (reciprocal)"),
    number("propensity", 0.2, (0.0, 1.0), "probability",
           "Opportunism under the rule propensity, for a wholly opportunistic agent.", NEUTRAL),
    number("worst", 0.2, (0.0, 1.0), "share",
           "Part of opportunism, other than calculated, that goes to the worst: takes a prepayment "
           "and delivers nothing, or denies a debt.",
           "assumption: most opportunists shade and delay; few steal"),
    number("first_move", 0.0, (0.0, 1.0), "probability",
           "Reciprocal rule: opportunism in the first order.", NEUTRAL),
    number("after_both_fair", 0.0, (0.0, 1.0), "probability",
           "Reciprocal rule: opportunism after both were fair.", NEUTRAL),
    number("after_partner_cheated", 1.0, (0.0, 1.0), "probability",
           "Reciprocal rule: opportunism after the partner alone cheated.", NEUTRAL),
    number("after_own_cheating", 0.0, (0.0, 1.0), "probability",
           "Reciprocal rule: opportunism after the agent alone cheated.", NEUTRAL),
    number("after_both_cheated", 1.0, (0.0, 1.0), "probability",
           "Reciprocal rule: opportunism after both cheated.", NEUTRAL),
)

GRIEVANCE = in_room(
    "disputes",
    rule("escalation", "joint_first",
         ("joint_first", "platform", "court", "write_off", "cheapest"),
         "What to do about a grievance.",
         "joint problem solving between trusting partners, arbitration, law, or nothing"),
    number("exit", 0.3, (0.0, 1.0), PROBABILITY,
           "A wronged side that does not speak ends the relation.",
           "Hirschman 1970 (form); " + NEUTRAL),
)

TRUST = in_room(
    "learning",
    number("prior_good", 1.0, (0.01, 1000.0), "orders",
           "Good orders that a stranger is credited with (floor of the belief).",
           "Beta(1, 1) is the uniform prior of Josang & Ismail 2002"),
    number("prior_bad", 1.0, (0.01, 1000.0), "orders",
           "Bad orders that a stranger is charged with (floor of the belief).",
           "Beta(1, 1) is the uniform prior of Josang & Ismail 2002"),
)

INFORMATION = in_room(
    "information_sharing",
    rule("disclosure_rule", "by_trust", DISCLOSURE, "Whether to disclose plans and ideas.",
         "Dyer & Chu 2003: trust and information sharing cause each other"),
    number("disclosure", 0.5, (0.0, 1.0), "probability",
           "Disclosure at complete trust (the rule multiplies it by trust).", NEUTRAL),
)

BUYER = COMMON + GRIEVANCE + TRUST + INFORMATION + in_room(
    "sourcing",
    number("bidders", 2, (1, 32), "suppliers", "Suppliers asked for a bid on an order.", NEUTRAL),
    number("market_test", 0.0, (0.0, 1.0), "probability per order",
           "An order is put to a second bidder though one is enough.", NEUTRAL),
    number("exploration", 0.05, (0.0, 1.0), "probability per round",
           "The weakest contact is replaced by a new supplier.", NEUTRAL),
    rule("search", "random", ("random", "rating", "referral"), "How a new supplier is found.",
         "random search; public ratings; word of mouth (practitioners: the most effective)"),
    rule("award", "logit", ("lowest_bid", "total_cost", "logit"), "Who gets the order.",
         "lowest bid; total cost of ownership (Ellram 1995); logit choice (Weisbuch, Kirman & "
         "Herreiner 2000)"),
    number("intensity", 20.0, (0.0, 1000.0), "per unit of utility",
           "Intensity of the logit choice.", NEUTRAL),
    number("attraction_weight", 1.0, (0.0, 100.0), "weight", "Weight of attraction (past profit).",
           "Weisbuch, Kirman & Herreiner 2000"),
    number("trust_weight", 0.0, (0.0, 100.0), "weight", "Weight of trust.", NEUTRAL),
    number("rating_weight", 0.0, (0.0, 100.0), "weight", "Weight of public reputation.", NEUTRAL),
    number("service_weight", 0.0, (0.0, 100.0), "weight",
           "Weight of how well it was served: goodwill, and how grievances were dealt with.",
           "Smith, Bolton & Wagner 1999 (form); assumption: off unless studied"),
    number("price_weight", 1.0, (0.0, 100.0), "weight", "Weight of the relative price.", NEUTRAL),
    number("health_weight", 0.0, (0.0, 10.0), "share of a lot's cost",
           "What a buyer would pay for a lot not to depend on a supplier that is sure to fail "
           "within a year.",
           "Babich, Burnetas & Ritchken 2007 (form); assumption: off unless studied"),
    number("memory", 0.1, (0.0, 1.0), "share per round",
           "Forgetting of attraction (gamma).", "Weisbuch, Kirman & Herreiner 2000 (form)"),
) + in_room(
    "negotiation",
    rule("haggling", "fixed", ("none", "fixed", "marginal", "by_distrust"),
         "How long to haggle.",
         "none; fixed hours; until an hour gains what it costs; fixed hours times distrust"),
    number("haggling_hours", 2.0, (0.0, 100.0), "hours per order", "Hours of the haggling rule.",
           NEUTRAL),
    number("contracting", 1.0, (0.0, 1.0), "share of a full contract",
           "Contract that is written with a stranger.", NEUTRAL),
    number("contract_trust", 0.5, (0.0, 1.0), "share",
           "Part of the contract that complete trust makes unnecessary.",
           "Dyer & Chu 2003: trust lowers contracting and enforcement costs"),
) + in_room(
    "payment_terms",
    rule("terms", "joint_cost", ("joint_cost", "buyer_dictates", "supplier_dictates"),
         "How the pair settles on an instrument.",
         "least joint cost (Coasean bargain) or the stronger side's choice (Antras & Foley 2015 "
         "on who bears which risk)"),
    number("documentation", 0.3, (0.0, 1.0), "share", "Order documentation kept as evidence.",
           NEUTRAL),
) + in_room(
    "information_sharing",
    number("briefing_hours", 0.0, (0.0, 100.0), "hours per order",
           "Talking the order over before it is made, on both sides.",
           "assumption: off unless studied"),
) + in_room(
    "inspection",
    rule("inspection", "fixed",
         ("none", "all", "fixed", "by_trust", "deming", "equilibrium", "sampling"),
         "Which lots are inspected on arrival.",
         "none; all; fixed rate; falling in trust; Deming 1986 all-or-none; mixed equilibrium of "
         "the inspection game; acceptance sampling with switching as in ISO 2859"),
    number("inspection_rate", 0.5, (0.0, 1.0), "probability",
           "Rate of the rules fixed and by_trust (at no trust).", NEUTRAL),
    number("trust_power", 2.0, (0.0, 20.0), "exponent",
           "Rule by_trust inspects at rate (distrust over even odds)^power.", NEUTRAL),
    number("sample_size", 80, (1, 2000), "items", "Rule sampling: items inspected.",
           "ISO 2859 plan n = 80, c = 2"),
    number("acceptance_number", 2, (0, 200), "items", "Rule sampling: defective items allowed.",
           "ISO 2859 plan n = 80, c = 2"),
) + in_room(
    "settlement",
    number("lateness", 0.0, (0.0, 1.0), "probability",
           "Paying late as a matter of policy.", NEUTRAL),
) + in_room(
    "disputes",
    number("blame", 0.0, (0.0, 1.0), "probability",
           "An honest mishap is treated as a betrayal.", NEUTRAL),
) + in_room(
    "learning",
    number("upkeep", 0.3, (0.0, 1.0), "share", "Care for the relation between problems.", NEUTRAL),
    number("voice", 0.5, (0.0, 1.0), "probability",
           "A dissatisfied buyer speaks instead of leaving.", "Hirschman 1970 (form); " + NEUTRAL),
)

SUPPLIER = COMMON + GRIEVANCE + TRUST + INFORMATION + in_room(
    "negotiation",
    number("relational_price", 0.0, (0.0, 1.0), "share",
           "Part of the margin above the competitive one that is not asked of a trusted buyer.",
           NEUTRAL),
) + in_room(
    "payment_terms",
    number("documentation", 0.0, (0.0, 1.0), "share",
           "Order documentation that the supplier keeps as evidence.",
           "assumption: off unless studied"),
    number("stays_on_platform", 0.0, (0.0, 1.0), "share of proposals",
           "Proposals to talk off the platform that the supplier declines.",
           "assumption: off unless studied"),
    number("suspicion", 0.0, (0.0, 0.999), "share of customers",
           "Customers half way between honest and opportunistic that are treated as cheats.",
           "Green & Swets 1966 (form); assumption: off unless studied"),
) + in_room(
    "information_sharing",
    number("asset_rate", 0.05, (0.0, 1.0), "share of the gap per order",
           "Investment in relation-specific assets, times trust.", NEUTRAL),
) + in_room(
    "inspection",
    number("outgoing_inspection", 0.0, (0.0, 1.0), "probability",
           "Honest lots are inspected before they leave.", NEUTRAL),
) + in_room(
    "delivery",
    number("care", 0.2, (0.0, 1.0), "share", "Visible care: duplicates of documents, attentions.",
           NEUTRAL),
) + in_room(
    "disputes",
    number("admission", 0.5, (0.0, 1.0), "probability",
           "A supplier at fault admits it and makes good without a dispute.", NEUTRAL),
) + in_room(
    "learning",
    number("promise_inflation", 0.0, (0.0, 1.0), "share",
           "What sales promises above what is delivered.", NEUTRAL),
    number("account_owner", 0.0, (0.0, 1.0), "share",
           "Part of this gap that one person who owns the whole account closes.", NEUTRAL),
    number("outreach", 0.0, (0.0, 1.0), "probability",
           "A supplier that has heard nothing of an order goes and asks.",
           "Fornell & Wernerfelt 1987 (form); assumption: off unless studied"),
)


def choice_number(parameter: str, name: str) -> int:
    """Give the number of a built-in rule: its place among the choices of its parameter.

    Parameters
    ----------
    parameter : str
        A rule parameter of a policy.
    name : str
        One of its choices.

    Raises
    ------
    ValueError
        If no choice has this name.
    """
    return next(row for row in BUYER + SUPPLIER if row.name == parameter).choices.index(name)
