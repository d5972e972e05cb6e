"""Dyer & Chu 2003: what do the least and the most trusted buyers spend their hours on?"""

from trustsim import Scenario, simulate

least, most = (
    simulate(Scenario(policy, rounds=120, seed=20140501, buyers=100, suppliers=20)).measures
    for policy in ("adversarial", "high_trust")
)
time = "transaction_time_share"
print(f"share of hours in contracts and blame: {least[time]:.2f} (reported .47)")
print(f"least to most trusted: {least[time] / most[time]:.2f} (reported 2)")
cost = least["procurement_cost"] / most["procurement_cost"]
print(f"procurement cost, least to most trusted: {cost:.1f} (reported more than 5)")
