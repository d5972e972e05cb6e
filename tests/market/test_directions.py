"""Which way each parameter works, not only that it does: the sign of its effect on a measure.

Two values of a parameter are tried in the market in which everything happens, under the same luck.
The sign is that of the parameter's meaning, and the effect is far beyond its error. What works in
no clear direction there stands with the test of the limiting case in which its effect is known.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

import numpy as np
import pytest
from market.test_mechanisms import switched_off
from support.restless_market import restless

from trustsim.config.scenario import Scenario
from trustsim.schema import MARKET
from trustsim.schema.mechanisms import MECHANISMS
from trustsim.simulation.run import simulate

REPLICATES = 32
CLEAR = 3.0
"""Errors of a mean paired difference beyond which its sign is hardly luck (1 in 160)."""

Direction = tuple[Any, Any, str, int]

MARKETS: dict[str, Direction] = {
    "buyers": (30, 120, "orders", 1),
    "suppliers": (6, 24, "loyal_share", -1),
    "contacts": (2, 10, "loyal_share", -1),
    "rounds_per_year": (6, 24, "arrears_days", -1),
    "lot_cost": (0.5, 2.0, "cost_price", 1),
    "value": (1.2, 1.6, "orders", 1),
    "demand_rate": (0.3, 0.95, "orders", 1),
    "demand_volatility": (0.1, 0.4, "cost_delay", 1),
    "demand_persistence": (0.2, 0.8, "cost_delay", 1),
    "lead_time": (0, 3, "cost_delay", 1),
    "holding_cost": (0.01, 0.1, "cost_delay", 1),
    "shortage_cost": (0.1, 0.5, "cost_delay", 1),
    "tender_hours": (0.5, 3.0, "cost_sourcing", 1),
    "order_hours": (0.0, 10.0, "cost_sourcing", 1),
    "qualification_hours": (20.0, 90.0, "cost_sourcing", 1),
    "coordination_hours": (0.0, 20.0, "cost_sourcing", 1),
    "hour_cost": (0.001, 0.02, "procurement_cost", 1),
    "switching_cost": (0.01, 0.1, "cost_switching", 1),
    "cost_low": (0.6, 0.85, "cost_price", 1),
    "cost_high": (1.15, 1.4, "cost_price", 1),
    "cost_churn": (0.0, 1.0, "loyal_share", -1),
    "haggle_rate": (0.02, 0.15, "supplier_profit", -1),
    "contract_hours": (1.5, 8.0, "cost_negotiation", 1),
    "contract_learning": (0.05, 0.3, "cost_negotiation", -1),
    "rivals": (1, 4, "supplier_profit", -1),
    "pass_on": (0.0, 1.0, "cost_price", 1),
    "bid_hours": (0.0, 10.0, "cost_price", 1),
    "buyer_interest": (0.02, 0.3, "buyer_opportunism_rate", 1),
    "supplier_interest": (0.03, 0.3, "cost_payment", 1),
    "remoteness": (0.1, 0.65, "accepted", -1),
    "communities": (1, 20, "trust_in_suppliers", -1),
    "familiarity_start": (0.0, 1.0, "instrument_share_open_account", -1),
    "familiarity_weight": (0.0, 0.1, "instrument_share_credential_open_account", -1),
    "unseen_exposure": (0.2, 0.85, "instrument_share_cash_on_delivery", -1),
    "advance_loss": (0.15, 0.75, "instrument_share_prepayment", -1),
    "credit_loss": (0.05, 0.6, "instrument_share_open_account", -1),
    "knowhow_gain": (0.05, 0.5, "cost_price", -1),
    "knowhow_rate": (0.02, 0.5, "knowhow", 1),
    "knowhow_erosion": (0.005, 0.5, "knowhow", -1),
    "disclosure_hours": (0.0, 5.0, "cost_sourcing", 1),
    "forecasts": (0, 1, "cost_delay", -1),
    "misunderstanding": (0.02, 0.5, "cost_delay", 1),
    "misunderstanding_cost": (0.04, 0.2, "cost_delay", 1),
    "leak_rate": (0.01, 0.5, "cost_leakage", 1),
    "leak_loss": (0.04, 0.2, "cost_leakage", 1),
    "asset_cost": (0.0, 1.0, "supplier_profit", -1),
    "asset_lock": (0.0, 0.5, "cost_switching", 1),
    "defect_good": (0.01, 0.3, "trust_in_suppliers", -1),
    "defect_bad": (0.1, 0.7, "supplier_opportunism_rate", -1),
    "shading_saving": (0.05, 0.5, "supplier_opportunism_rate", 1),
    "opportunism_mean": (0.1, 0.65, "supplier_opportunism_rate", 1),
    "buyer_opportunism_mean": (0.1, 0.65, "trust_in_buyers", -1),
    "scruple": (0.0, 2.0, "dispute_rate", -1),
    "discount": (0.0, 0.999, "supplier_opportunism_rate", -1),
    "late_rate": (0.04, 0.5, "cost_delay", 1),
    "late_cost": (0.02, 0.14, "cost_delay", 1),
    "capacity": (1.0, 6.0, "cost_delay", -1),
    "freight": (0.01, 0.2, "cost_price", 1),
    "transit_loss": (0.01, 0.3, "accepted", -1),
    "document_loss": (0.01, 0.5, "cost_delay", 1),
    "demurrage": (0.1, 0.6, "cost_delay", 1),
    "courier_cost": (0.0, 0.2, "supplier_profit", -1),
    "care_cost": (0.0, 0.2, "supplier_profit", -1),
    "inspection_cost": (0.01, 0.1, "cost_inspection", 1),
    "sensitivity": (0.2, 0.9, "defect_escape_rate", -1),
    "specificity": (0.3, 0.99, "trust_in_suppliers", 1),
    "lot_bad_fraction": (0.02, 0.5, "defect_escape_rate", -1),
    "lot_good_fraction": (0.001, 0.2, "trust_in_suppliers", -1),
    "item_cost": (0.0001, 0.01, "cost_inspection", 1),
    "failure_cost": (1.0, 4.0, "cost_failure", 1),
    "failure_traced": (0.2, 0.9, "cost_failure", -1),
    "rework_cost": (0.0, 1.0, "supplier_profit", -1),
    "warranty": (0.1, 0.8, "cost_failure", -1),
    "strain": (0.05, 0.6, "arrears_days", 1),
    "strain_days": (10.0, 40.0, "arrears_days", 1),
    "late_on_purpose": (0, 1, "arrears_days", 1),
    "late_gain": (0.0, 10.0, "buyer_opportunism_rate", 1),
    "arrears_hazard": (0.1, 0.65, "arrears_days", -1),
    "arrears_interest": (0.02, 0.5, "buyer_opportunism_rate", -1),
    "late_damage": (0.03, 0.5, "buyer_opportunism_rate", -1),
    "late_interest_waived": (0.0, 1.0, "trust_in_buyers", -1),
    "chase_hours": (0.4, 2.0, "buyer_opportunism_rate", -1),
    "law_age": (1, 6, "cost_dispute", -1),
    "false_claims": (0, 1, "dispute_rate", 1),
    "claim_penalty": (0.1, 1.0, "dispute_rate", -1),
    "payment_record": (0.2, 0.95, "dispute_rate", -1),
    "dispute_hours": (0.0, 60.0, "cost_dispute", 1),
    "platform_fee": (0.0, 1.0, "dispute_rate", -1),
    "court_fee": (0.0, 1.0, "cost_dispute", 1),
    "locatable": (0.0, 1.0, "instrument_share_escrow", -1),
    "evidence": (0.1, 0.8, "cost_bad_debt", -1),
    "document_hours": (0.1, 0.8, "cost_negotiation", 1),
    "rating_error": (0.01, 0.3, "cost_switching", 1),
    "rating_forgetting": (0.3, 0.99, "cost_switching", -1),
    "delisting_rating": (0.2, 0.9, "cost_switching", 1),
    "delisting_orders": (2, 8, "cost_switching", -1),
    "ransom_rate": (0.0, 1.0, "cost_dispute", -1),
    "ransom": (0.01, 0.2, "cost_dispute", -1),
    "advance_compensation": (0.0, 0.7, "cost_bad_debt", -1),
    "trust_forgetting": (0.3, 0.99, "trust_in_suppliers", 1),
    "idle_forgetting": (0.3, 1.0, "trust_in_suppliers", 1),
    "break_rate": (0.0, 0.5, "loyalty", -1),
    "upkeep_hours": (0.0, 10.0, "cost_sourcing", 1),
    "redress": (0.0, 1.0, "trust_in_suppliers", 1),
    "bankruptcy": (0, 1, "cost_switching", 1),
    "overhead": (0.1, 0.6, "cost_switching", 1),
    "shock_size": (0.01, 0.5, "orders", -1),
    "technology_rate": (0.05, 0.6, "knowhow", -1),
    "technology_loss": (0.1, 0.65, "knowhow", -1),
}
"""By name of the parameter: a low and a high value, and the sign of what the high one does."""

ON: dict[str, tuple[str, int]] = {
    "pass_on": ("cost_price", 1),
    "familiarity": ("instrument_share_letter_of_credit", 1),
    "information_sharing": ("knowhow", 1),
    "forecasts": ("cost_delay", -1),
    "ideas": ("knowhow", 1),
    "leakage": ("cost_leakage", 1),
    "misunderstanding": ("cost_delay", 1),
    "lateness": ("cost_delay", 1),
    "transit_loss": ("accepted", -1),
    "documents": ("cost_delay", 1),
    "strain": ("arrears_days", 1),
    "late_on_purpose": ("buyer_opportunism_rate", 1),
    "chasing": ("cost_dispute", 1),
    "future": ("supplier_opportunism_rate", -1),
    "warranty": ("cost_failure", -1),
    "false_claims": ("dispute_rate", 1),
    "advance_compensation": ("cost_bad_debt", -1),
    "ratings": ("supplier_opportunism_rate", -1),
    "delisting": ("cost_switching", 1),
    "goodwill": ("cost_delay", -1),
    "bankruptcy": ("cost_switching", 1),
    "technology_shocks": ("knowhow", -1),
    "failures": ("cost_failure", 1),
    "credit_risk": ("instrument_share_open_account", -1),
}
"""What a mechanism does to a measure when it is on."""


ELSEWHERE = {
    "channels": "rooms.test_channels.test_the_more_are_informed_the_more_is_bought_online",
    "online_share": "rooms.test_channels.test_the_more_are_informed_the_more_is_bought_online",
    "informed": "rooms.test_channels.test_the_more_are_informed_the_more_is_bought_online",
    "effort_cost": "rooms.test_channels.test_distributors_serve_until_orders_go_online",
    "retaliation": "rooms.test_channels.test_distributors_serve_until_orders_go_online",
    "service_saving": "rooms.test_channels.test_online_a_buyer_goes_without_service",
    "next_bidder": "test_first_terms.test_who_finds_no_terms_with_the_best_bidder_tries_the_next",
    "next_bidders": "test_first_terms.test_who_finds_no_terms_with_the_best_bidder_tries_the_next",
    "risk_aversion": "test_first_terms."
    "test_a_risk_premium_is_half_the_aversion_times_the_variance_of_the_loss",
    "terms_haggling": "test_first_terms.test_each_side_haggles_over_what_it_may_lose",
    "terms_hours": "test_first_terms.test_each_side_haggles_over_what_it_may_lose",
    "market_news": "rooms.test_information_sharing.test_market_news_raises_the_sales_of_a_buyer",
    "news_gain": "rooms.test_information_sharing.test_market_news_raises_the_sales_of_a_buyer",
    "news_rate": "rooms.test_information_sharing.test_market_news_raises_the_sales_of_a_buyer",
    "news_fading": "rooms.test_information_sharing.test_market_news_raises_the_sales_of_a_buyer",
    "customer_records": "rooms.test_delivery."
    "test_records_of_the_customer_make_care_cheaper_with_each_doubling",
    "care_learning": "rooms.test_delivery."
    "test_records_of_the_customer_make_care_cheaper_with_each_doubling",
    "installed_base": "rooms.test_service."
    "test_the_installed_base_grows_to_what_is_bought_in_its_life",
    "support_cost": "rooms.test_service."
    "test_the_installed_base_grows_to_what_is_bought_in_its_life",
    "maintenance_cost": "rooms.test_service."
    "test_the_installed_base_grows_to_what_is_bought_in_its_life",
    "service_life": "rooms.test_service."
    "test_the_installed_base_grows_to_what_is_bought_in_its_life",
    "installation_cost": "rooms.test_service.test_setting_up_is_paid_once_a_lot",
    "repair_cost": "rooms.test_service.test_only_lots_with_a_defect_that_nobody_found_are_mended",
    "health_signal": "rooms.test_sourcing."
    "test_a_firm_sure_to_fail_is_passed_over_for_its_weight_in_price",
    "health_noise": "rooms.test_sourcing.test_who_cannot_read_accounts_well_errs",
    "cash_volatility": "rooms.test_sourcing."
    "test_a_firm_fails_where_a_random_walk_passes_its_credit_line",
    "orphaned_service": "rooms.test_service.test_who_fails_orphans_what_it_has_supplied",
    "orphan_cost": "rooms.test_service.test_who_fails_orphans_what_it_has_supplied",
    "outreach": "rooms.test_learning."
    "test_a_supplier_that_goes_and_asks_keeps_whom_silence_would_lose",
    "outreach_hours": "rooms.test_learning."
    "test_the_content_are_asked_too_and_the_supplier_pays_for_it",
    "outreach_repair": "rooms.test_learning.test_who_is_asked_is_repaired_by_its_part",
    "screening": "rooms.test_payment_terms."
    "test_who_is_screened_is_suspected_as_signal_detection_says",
    "screening_power": "rooms.test_payment_terms."
    "test_who_is_screened_is_suspected_as_signal_detection_says",
    "documentation": "rooms.test_negotiation.test_what_either_side_writes_down_is_on_record",
    "briefing": "rooms.test_information_sharing."
    "test_talking_an_order_over_clears_up_what_could_be_misunderstood",
    "briefing_rate": "rooms.test_information_sharing."
    "test_talking_an_order_over_clears_up_what_could_be_misunderstood",
    "scope_disputes": "test_later_disputes."
    "test_misunderstood_orders_end_in_disputes_over_their_scope",
    "scope_dispute": "test_later_disputes."
    "test_misunderstood_orders_end_in_disputes_over_their_scope",
    "scope_part": "test_later_disputes.test_misunderstood_orders_end_in_disputes_over_their_scope",
    "false_faults": "test_later_disputes.test_opportunists_claim_the_warranty_of_good_lots",
    "denied_part": "test_later_disputes.test_another_scope_is_claimed_of_a_part_of_the_debt",
    "returns": "test_later_disputes.test_what_goes_back_is_paid_by_its_supplier",
    "refund_share": "test_later_disputes.test_what_goes_back_is_paid_by_its_supplier",
    "exchange_share": "test_later_disputes.test_what_goes_back_is_paid_by_its_supplier",
    "return_cost": "test_later_disputes.test_what_goes_back_is_paid_by_its_supplier",
    "salvage": "test_later_disputes.test_what_goes_back_is_paid_by_its_supplier",
    "luring": "test_off_the_record.test_an_opportunist_lures_and_a_supplier_may_decline",
    "slow_awards": "test_off_the_record.test_both_sides_feel_the_wait_for_what_the_law_enforces",
    "tracing_months": "test_off_the_record.test_a_debtor_is_searched_for_until_it_is_found",
    "proof_months": "test_off_the_record.test_a_debtor_is_searched_for_until_it_is_found",
    "protected_choice": "test_off_the_record.test_protected_buyers_order_more_of_new_sellers",
    "protection_reliance": "test_off_the_record.test_who_is_protected_weighs_distrust_less",
    "community_enforcement": "rooms.test_disputes.test_a_debtor_of_ones_own_community_is_found",
    "community_finds": "rooms.test_disputes.test_a_debtor_of_ones_own_community_is_found",
    "service_memory": "rooms.test_sourcing.test_who_was_served_well_comes_back",
    "promises": "rooms.test_learning.test_a_promise_that_is_not_kept_disappoints_by_its_gap",
    "disconfirmation": "rooms.test_learning.test_a_promise_that_is_not_kept_disappoints_by_its_gap",
    "owner_hours": "rooms.test_learning."
    "test_a_promise_is_believed_until_the_first_order_and_an_owner_works_for_it",
    "saved_contracts": "test_directions_of_policies.test_a_number_of_buyers_works_in_its_direction",
    "saved_inspection": "test_directions_of_policies."
    "test_a_number_of_buyers_works_in_its_direction",
    "outgoing_inspection": "test_directions_of_policies.test_what_a_policy_does_is_paid_for",
    "unloading": "test_directions_of_policies."
    "test_a_number_of_an_instrument_works_in_its_direction",
    "reach": "test_directions_of_policies.test_a_number_of_an_instrument_works_in_its_direction",
    "lot_spread": "rooms.test_demand.test_orders_differ_in_size_by_the_spread",
    "common_volatility": "rooms.test_demand.test_a_common_shock_hits_all_buyers_alike",
    "hold_up": "rooms.test_negotiation."
    "test_a_lone_supplier_asks_for_its_part_of_the_cost_of_leaving",
    "relational_prices": "rooms.test_negotiation."
    "test_a_relational_price_forgoes_margin_as_trust_grows",
    "cost_to_serve": "test_known_bidders.test_a_dear_customer_pays_as_far_as_its_suppliers_know_it",
    "known_odds": "test_known_bidders."
    "test_an_incumbent_that_cannot_lose_asks_what_a_lone_supplier_asks",
    "bid_entry": "test_known_bidders.test_who_has_no_chance_to_win_does_not_pay_for_a_bid",
    "gain_sharing": "rooms.test_information_sharing.test_knowhow_grows_as_far_as_sides_disclose",
    "knowhow_ease": "rooms.test_information_sharing."
    "test_knowhow_saves_defects_lateness_misunderstandings_and_hours",
    "knowhow_quality": "rooms.test_information_sharing."
    "test_knowhow_saves_defects_lateness_misunderstandings_and_hours",
    "knowhow_punctuality": "rooms.test_information_sharing."
    "test_knowhow_saves_defects_lateness_misunderstandings_and_hours",
    "asset_saving": "rooms.test_information_sharing."
    "test_specific_assets_are_built_on_trust_save_hours_and_lock_in",
    "specific_assets": "rooms.test_information_sharing."
    "test_specific_assets_are_built_on_trust_save_hours_and_lock_in",
    "random_endings": "test_relations.test_relations_break_at_their_rate",
    "referrals": "rooms.test_search.test_buyers_recommend_only_whom_they_have_tried",
    "supplier_noise": "test_conduct.test_a_noisy_response_is_logistic_in_the_relative_difference",
    "buyer_noise": "test_conduct.test_a_noisy_response_is_logistic_in_the_relative_difference",
    "opportunism_spread": "test_population.test_characters_differ_by_their_spread",
    "turn_rate": "test_population.test_costs_and_characters_are_drawn_anew",
    "new_owners": "test_population.test_costs_and_characters_are_drawn_anew",
    "delivery_record": "rooms.test_settlement.test_evidence_against_each_claim",
    "off_platform": "rooms.test_settlement."
    "test_talk_off_the_platform_weakens_the_evidence_of_the_scope",
    "joint_hours": "rooms.test_disputes.test_disputes_cost_hours",
    "joint_success": "rooms.test_disputes.test_what_each_route_recovers",
    "enforcement": "rooms.test_disputes.test_what_each_route_recovers",
    "court_delay": "rooms.test_disputes.test_money_won_in_court_is_waited_for_at_interest",
    "dispute_trust_threshold": "rooms.test_disputes.test_escalation_routes",
    "fine": "rooms.test_disputes.test_only_a_listed_supplier_is_fined",
    "fines": "rooms.test_disputes.test_only_a_listed_supplier_is_fined",
    "rating_rate": "rooms.test_reputation.test_ratings_err_at_their_rate",
    "tiers": "rooms.test_reputation.test_tiers_and_streaks_lift_the_public_standing",
    "tier_threshold": "rooms.test_reputation.test_tiers_and_streaks_lift_the_public_standing",
    "tier_bonus": "rooms.test_reputation.test_tiers_and_streaks_lift_the_public_standing",
    "streaks": "rooms.test_reputation.test_tiers_and_streaks_lift_the_public_standing",
    "streak_bonus": "rooms.test_reputation.test_tiers_and_streaks_lift_the_public_standing",
    "streak_threshold": "rooms.test_reputation.test_tiers_and_streaks_lift_the_public_standing",
    "new_identity": "test_population.test_a_part_of_the_delisted_comes_back_under_a_new_name",
    "new_identities": "test_population.test_a_part_of_the_delisted_comes_back_under_a_new_name",
    "ransom": "rooms.test_reputation.test_opportunists_ask_for_money_not_to_complain",
    "betrayal_weight": "test_beliefs.test_trust_follows_the_orders_of_a_tie",
    "general_weight": "test_beliefs."
    "test_strangers_are_judged_by_acquaintance_reputation_and_general_trust",
    "reputation_weight": "test_beliefs."
    "test_strangers_are_judged_by_acquaintance_reputation_and_general_trust",
    "acquaintance": "test_beliefs."
    "test_strangers_are_judged_by_acquaintance_reputation_and_general_trust",
    "acquaintance_bonus": "test_beliefs."
    "test_strangers_are_judged_by_acquaintance_reputation_and_general_trust",
    "goodwill_erosion": "test_beliefs.test_goodwill_grows_with_upkeep_and_lifts_trust",
    "goodwill_bonus": "test_beliefs.test_goodwill_grows_with_upkeep_and_lifts_trust",
    "upkeep": "test_beliefs.test_goodwill_grows_with_upkeep_and_lifts_trust",
    "blame": "rooms.test_learning.test_blame_takes_mishaps_for_betrayal",
    "redress": "test_answers.test_a_fault_made_good_at_once_leaves_more_trust",
    "exit": "test_answers.test_who_ends_the_relation_after_every_grievance_never_comes_back",
    "voice_repair": "rooms.test_learning.test_voice_repairs_and_silence_turns_away",
    "voice": "rooms.test_learning.test_voice_repairs_and_silence_turns_away",
    "start_cash": "test_population.test_firms_that_lose_too_much_fail_and_banks_bear_the_debt",
    "credit_line": "test_population.test_firms_that_lose_too_much_fail_and_banks_bear_the_debt",
    "payout": "test_population.test_owners_take_out_their_share_of_spare_cash",
    "imitation": "test_population.test_buyers_imitate_those_who_fare_better",
    "imitation_rate": "test_population.test_suppliers_imitate_cheats_whom_nobody_catches",
    "imitation_noise": "test_population.test_suppliers_imitate_cheats_whom_nobody_catches",
    "mutation": "test_population.test_buyers_imitate_those_who_fare_better",
    "cost_shocks": "test_population."
    "test_cost_shocks_come_at_their_rate_and_fade_by_half_in_half_a_year",
    "shock_rate": "test_population."
    "test_cost_shocks_come_at_their_rate_and_fade_by_half_in_half_a_year",
}
"""The test of the size of an effect that has no clear sign when everything happens at once."""


def test_every_parameter_and_mechanism_has_its_direction_or_its_size() -> None:
    parameters = {row.name for row in MARKET}
    assert parameters == set(MARKETS) | (set(ELSEWHERE) & parameters)
    assert set(MECHANISMS) == set(ON) | (set(ELSEWHERE) & set(MECHANISMS))
    assert set(ELSEWHERE) <= parameters | set(MECHANISMS)
    for name, place in ELSEWHERE.items():
        module, _, test = place.rpartition(".")
        assert callable(getattr(importlib.import_module(f"market.{module}"), test)), name


@cache
def usual(measure: str) -> tuple[float, ...]:
    return of(restless(), measure)


def of(scenario: Scenario, measure: str) -> tuple[float, ...]:
    return tuple(float(simulate(scenario, r).measures[measure]) for r in range(REPLICATES))


def assert_sign(before: Any, after: Any, sign: int) -> None:
    """Assert that all pairs together go one way, beyond luck."""
    gaps = sign * (np.array(after) - np.array(before))
    error = gaps.std(ddof=1) / np.sqrt(len(gaps))
    assert gaps.mean() > CLEAR * error, (gaps.mean(), error)
    assert gaps.mean() > 0


@pytest.mark.parametrize("name", MARKETS)
def test_a_parameter_of_the_market_works_in_its_direction(name: str) -> None:
    low, high, measure, sign = MARKETS[name]
    before, after = (of(restless(**{name: value}), measure) for value in (low, high))
    assert_sign(before, after, sign)


@pytest.mark.parametrize("name", ON)
def test_a_mechanism_works_in_its_direction(name: str) -> None:
    measure, sign = ON[name]
    assert_sign(of(switched_off(name, restless), measure), usual(measure), sign)
