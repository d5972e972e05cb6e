"""Published results, done again: what was reported beside what comes out here.

A source is a file of figures in ``trustsim/library/published`` and a module here, which says how it
is done; `run` lists them.
"""
