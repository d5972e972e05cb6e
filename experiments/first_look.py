"""Two ways to buy in the same market, with the same luck: what does a lot cost, year by year?"""

import matplotlib.pyplot as plt

from trustsim import Scenario, simulate

for policy in ("high_trust", "adversarial"):
    rounds = simulate(Scenario(policy, rounds=120)).rounds
    yearly = rounds.groupby(rounds["round"] // 12)["total_cost"].mean()
    plt.plot(yearly.index + 1, yearly, label=policy.replace("_", " "), marker="o")

plt.xlabel("year")
plt.ylabel("total cost of ownership\n(money per accepted lot)")
plt.legend()
plt.savefig("first_look.png", dpi=150, bbox_inches="tight")
