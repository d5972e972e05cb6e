"""Turn one knob: how much dearer or cheaper is high trust, the more shared know-how can save?

Each point is a mean over paired runs: both policies face the same luck, so only the policy differs.
The bar is a 95 % confidence interval of the mean difference.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from trustsim import Scenario, simulate

GAINS = (0.0, 0.1, 0.2, 0.3, 0.4)
RUNS = 20

means, half_widths = [], []
for gain in GAINS:
    differences = []
    for replicate in range(RUNS):
        cost = {
            policy: simulate(Scenario(policy, knowhow_gain=gain), replicate).measures["total_cost"]
            for policy in ("high_trust", "adversarial")
        }
        differences.append(cost["high_trust"] - cost["adversarial"])
    means.append(np.mean(differences))
    half_widths.append(stats.t.ppf(0.975, RUNS - 1) * stats.sem(differences))
    print(f"know-how saves up to {gain:.0%}: {means[-1]:+.3f} +- {half_widths[-1]:.3f} per lot")

plt.errorbar(np.array(GAINS) * 100, means, half_widths, marker="o", capsize=4)
plt.axhline(0, color="grey", linewidth=0.8)
plt.xlabel("saving in unit cost at full know-how (%)")
plt.ylabel("high trust less adversarial\n(money per accepted lot)")
plt.title(f"{RUNS} paired runs a point, 95 % intervals", fontsize="medium")
plt.savefig("turn_a_knob.png", dpi=150, bbox_inches="tight")
