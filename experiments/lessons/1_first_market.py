# %% [markdown]
# # 1. A first market
#
# Two ways to buy in the same market, with the same luck. What does a lot cost in all, year by
# year?

# %%
from trustsim import Scenario, compare_scenarios, simulate

trusting = Scenario("high_trust", buyers=60, suppliers=12, rounds=60)
outcome = simulate(trusting, replicate=0)
print(outcome)

# %% [markdown]
# One run is one draw of luck. An outcome has frames: per round, per age of the relation, per
# policy.

# %%
outcome.rounds[["round", "total_cost", "cost_price", "trust_in_suppliers"]].tail(3)

# %% [markdown]
# To compare, give both the same luck and repeat. Pairs of runs differ in the policy alone.

# %%
hard_nosed = trusting.replace(buyer_mix="adversarial", name="adversarial")
found = compare_scenarios({"high_trust": trusting, "adversarial": hard_nosed}, replications=20)
print(found)

# %%
found.plot("cost_over_time")

# %% [markdown]
# **Try:** `buyers=300, suppliers=60`. Does the size of the market matter? And `rounds=120`?
