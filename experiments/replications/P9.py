"""Josang & Ismail 2002: trust is the Beta mean of experience that fades."""

from trustsim import load_experiment, simulate

market = load_experiment("configs/replications/P9.toml").arms["forgetting"]
run = simulate(market, orders=True)
orders = run.orders
orders = orders[orders["event"] == "order"]
for (buyer, contact), dealt in list(orders.groupby(["buyer", "contact"]))[:5]:
    good = bad = 0.0
    for wronged in dealt["grievance"]:
        good, bad = 0.9 * good + (not wronged), 0.9 * bad + wronged
    formula = (good + 1) / (good + bad + 2)
    tie = run.world.ties[buyer, contact]
    trust = tie["supplier_good"] / (tie["supplier_good"] + tie["supplier_bad"])
    print(f"buyer {buyer}, contact {contact}: formula {formula:.4f}, trust {trust:.4f}")
