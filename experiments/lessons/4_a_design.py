# %% [markdown]
# # 4. A design
#
# Does the answer hold in other markets? An experiment file says what varies; every arm runs at
# every point with the same luck. It is computed once: run again, only what is missing is
# computed.

# %%
from pathlib import Path

from trustsim import Experiment

Path("dear_hours.toml").write_text("""
name = "dear_hours"
question = "Is high trust the cheaper where purchasing hours are dear?"
rounds = 60
replications = 10
baseline = "adversarial"
market = { buyers = 60, suppliers = 12 }
[arms.high_trust]
buyer_mix = "high_trust"
[arms.adversarial]
buyer_mix = "adversarial"
[design]
method = "grid"
[design.parameters]
market.hour_cost = [0.002, 0.008, 0.032]
""")
experiment = Experiment.load("dear_hours.toml")
print(experiment)

# %%
results = experiment.run("results/dear_hours", report=False)
print("\n".join(results.answer()))

# %% [markdown]
# The tables are frames. Here is the paired difference at every point.

# %%
costs = results.runs.pivot_table(
    index=["market.hour_cost", "replicate"], columns="arm", values="total_cost"
)
gaps = (costs["high_trust"] - costs["adversarial"]).groupby("market.hour_cost")
print(gaps.agg(["mean", "sem"]).round(4))

# %% [markdown]
# **Try:** `trustsim report results/dear_hours` in a terminal, and open the page.
