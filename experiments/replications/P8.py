"""Antras & Foley 2015: who prepays, where the law is weak and where it is strong?"""

from trustsim import load_experiment, simulate

arms = load_experiment("configs/replications/P8.toml").arms
for enforcement in (0.1, 0.5, 1.0):
    run = simulate(arms["default_fear"].replace(enforcement=enforcement)).measures
    shares = (run[f"instrument_share_{name}"] for name in ("prepayment", "letter_of_credit"))
    print(f"enforcement {enforcement}:", *(f"{share:.2f}" for share in shares))
ages = simulate(arms["little_fear"].replace(enforcement=1.0)).ages
print(ages[["age_from", "instrument_share_prepayment"]].round(2).to_string(index=False))
