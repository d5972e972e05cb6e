# %% [markdown]
# # 2. A rule of your own
#
# A decision is a plain function of the order, of the relation as its owner sees it, and of the
# policy.

# %%
from trustsim import Scenario, compare_scenarios, rule
from trustsim.testing import check_rule, transcript


@rule("inspection")
def until_five_clean(order, view, policy):
    """Inspect every lot until five in a row were clean, then one in ten."""
    return 1.0 if view.clean < 5 else 0.1


# %% [markdown]
# Before it is used it is held against the contract of all rules: a number in range, the same
# answer to the same question, plain Python and compiled code alike.

# %%
check_rule(until_five_clean)

# %%
built_in = Scenario("high_trust", buyers=60, suppliers=12, rounds=60)
own = built_in.with_policy("high_trust", inspection=until_five_clean).replace(name="own")
found = compare_scenarios({"own": own, "built_in": built_in}, replications=20)
measures = ["inspection_rate", "cost_inspection", "cost_failure", "total_cost"]
print(found.table(measures)[["measure", "mean_a", "mean_b", "difference", "low", "high"]])

# %% [markdown]
# A rule of conduct can be played against a partner with a script: C is fair, D cheats.

# %%
print(transcript({"conduct": "reciprocal"}, "CDDCDCCC"))

# %% [markdown]
# **Try:** inspect by `view.trust` instead of `view.clean`. Which of the two is cheaper?
