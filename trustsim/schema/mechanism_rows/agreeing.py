"""Mechanisms at work until an order is agreed: from sourcing to information sharing."""

from __future__ import annotations

from trustsim.schema.mechanism_rows.row import Mechanism

ROWS = (
    Mechanism(
        "referrals", "sourcing", "A new supplier is found by asking another buyer whom it trusts.",
        {"search": {"referral": "random"}}, luck=("search",), measures=("trust_in_suppliers",),
    ),
    Mechanism(
        "channels", "channels",
        "Some sell online, without service, at prices that the informed see (Varian 1980).",
        {"online_share": 0.0}, ("informed", "effort_cost", "service_saving", "retaliation"),
        measures=("online_rate", "price_dispersion", "cost_delay"),
    ),
    Mechanism(
        "random_endings", "sourcing", "Relations end by chance, and strangers take their place.",
        {"break_rate": 0.0}, luck=("continuation",), measures=("loyalty", "cost_switching"),
    ),
    Mechanism(
        "health_signal", "sourcing",
        "Buyers read off a supplier's accounts how likely it is to fail, and weigh it against "
        "price (Babich, Burnetas & Ritchken 2007).",
        {"health_weight": 0.0}, ("health_noise", "cash_volatility"), needs=("bankruptcy",),
        luck=("health",), measures=("failed_supplier_cost",),
    ),
    Mechanism(
        "service_memory", "sourcing",
        "Service, and how grievances were dealt with, count in the choice of a supplier "
        "(Smith, Bolton & Wagner 1999).",
        {"service_weight": 0.0}, needs=("goodwill",), measures=("repurchase_rate",),
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
        "next_bidder", "payment_terms",
        "A buyer that finds no terms with the best bidder tries the next.",
        {"next_bidders": 0}, measures=("no_terms_rate",),
    ),
    Mechanism(
        "risk_aversion", "payment_terms",
        "Both sides pay not to be exposed, more the larger the sum (Pratt 1964).",
        {"risk_aversion": 0.0}, needs=("credit_risk",), measures=("no_terms_rate",),
    ),
    Mechanism(
        "terms_haggling", "payment_terms",
        "Each side haggles over what it may lose by the terms, unless somebody holds it.",
        {"terms_hours": 0.0}, needs=("credit_risk",), measures=("cost_negotiation",),
    ),
    Mechanism(
        "documentation", "payment_terms",
        "Orders are documented, by either side, which is evidence in a dispute.",
        {"documentation": 0.0}, ("document_hours",), measures=("cost_negotiation",),
    ),
    Mechanism(
        "luring", "negotiation",
        "Opportunistic buyers move the talk off the platform, where nothing is on record.",
        {"luring": 0.0}, ("stays_on_platform",), needs=("false_claims",), luck=("luring",),
        measures=("lured_rate", "buyer_opportunism_rate"),
    ),
    Mechanism(
        "screening", "payment_terms",
        "A supplier screens its customers for cheats, and offends the honest (Green & Swets 1966).",
        {"suspicion": 0.0}, ("screening_power",), luck=("screening",),
        measures=("trust_in_suppliers", "no_terms_rate"),
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
        "briefing", "information_sharing",
        "The two talk an order over before it is made, so that less is misunderstood.",
        {"briefing_hours": 0.0}, ("briefing_rate",), needs=("misunderstanding",),
        measures=("cost_delay", "cost_sourcing"),
    ),
    Mechanism(
        "market_news", "information_sharing",
        "Market news that a supplier discloses raises its buyer's sales.",
        {"news_gain": 0.0}, ("news_rate", "news_fading"), needs=("information_sharing",),
        measures=("accepted",),
    ),
    Mechanism(
        "specific_assets", "information_sharing",
        "Trusted suppliers build what serves one buyer only (Williamson 1985).",
        {"asset_rate": 0.0}, ("asset_saving", "asset_cost", "asset_lock"),
        measures=("cost_sourcing", "cost_switching"),
    ),
)  # fmt: skip
