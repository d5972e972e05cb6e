# %% [markdown]
# # 3. A policy of your own
#
# A policy is a row of parameters. It starts from another one and says what differs.

# %%
from trustsim import Scenario, compare_scenarios

POLICY = {"based_on": "high_trust", "bidders": 3, "market_test": 0.1, "documentation": 1.0}
market = {"buyers": 60, "suppliers": 12, "rounds": 60}
own = Scenario("prudent", policies={"buyers": {"prudent": POLICY}}, **market)
print(own)

# %%
found = compare_scenarios(
    {"prudent": own, "adversarial": Scenario("adversarial", **market),
     "high_trust": Scenario("high_trust", **market)}, replications=20,
)  # fmt: skip
print(found)

# %% [markdown]
# Where does the difference come from? The parts of total cost add up to it.

# %%
found.plot("cost_difference_by_category")

# %% [markdown]
# **Try:** let half of the buyers be prudent and half adversarial in *one* market:
# `Scenario({"prudent": 0.5, "adversarial": 0.5}, ...)`, and look at `simulate(...).policies`.
