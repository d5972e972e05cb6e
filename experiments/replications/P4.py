"""Weisbuch, Kirman & Herreiner 2000: who follows past profit is loyal."""

from trustsim import load_experiment, simulate

market = load_experiment("configs/replications/P4.toml").arms["ten_sellers"].replace(rounds=300)
THRESHOLD = 10.0  # sellers x fading of memory (.2) / profit (.25), per what is left of memory (.8)
for times in (0.0, 0.3, 0.51, 1.0):
    run = simulate(market.at({"policies.buyers.buyer.intensity": times * THRESHOLD}))
    loyal = run.rounds["loyalty"].iloc[-1]
    print(f"{times:.2f} of the threshold of ten sellers: loyalty {loyal:.2f}")
