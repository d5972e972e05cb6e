"""Cases from the field: what practitioners claim, held against the model.

A case is an experiment with a claim. From it a second pair of arms is made, without the mechanism
that the claim speaks of, and a verdict: an effect counts only if it goes with its mechanism.
"""
