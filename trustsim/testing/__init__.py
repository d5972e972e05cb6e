"""What a user needs to test a rule of their own: the contract of all rules, and transcripts.

A rule enters; what it does against the contract, or move by move against a scripted partner,
leaves. Our own tests use the same.
"""

from trustsim.testing.contract import RuleBroken, check_rule
from trustsim.testing.transcripts import transcript

__all__ = ["RuleBroken", "check_rule", "transcript"]
