"""Whether the market does what is known: answers of closed forms, and signs that theory gives.

The known answers are looked up in limiting cases of the compiled market; the signs are measured in
pairs of markets that differ in one thing.
"""
