# %% [markdown]
# # 5. A case from the field
#
# *The law helps against a buyer who falsely claims to have paid only if that buyer can be found.*
# An effect counts as a mechanism's only if it goes when the mechanism is off. So the claim is
# asked twice.

# %%
from trustsim import Scenario, compare_scenarios

MEASURE, MECHANISM = "supplier_profit", "false_claims"
market = Scenario(
    "adversarial", buyers=60, suppliers=12, rounds=60, instruments=["open_account"], credit_loss=0.0
)


def effect(scenario):
    """Give what it is worth to suppliers that all debtors can be found: a paired difference."""
    found, lost = (scenario.replace(locatable=share) for share in (1.0, 0.0))
    pair = compare_scenarios({"found": found, "lost": lost}, replications=20)
    row = pair.table([MEASURE]).iloc[0]
    return f"{row.difference:+.4f} ({row.low:+.4f} to {row.high:+.4f})"


# %%
print("with false claims:", effect(market))
print("without them:     ", effect(market.replace(without=[MECHANISM])))

# %% [markdown]
# What is left without the mechanism is another one's: invoices that are late on purpose, and go
# to law. The forty-one cases that are shipped work like this: `trustsim cases --only E2` in a
# terminal.
#
# **Try:** switch off `late_on_purpose` as well. Is anything left?
