"""What there is: one row per parameter, mechanism, measure, account and decision.

A row says name, default, bounds, unit, meaning and source; from these rows come the records that
the compiled rooms read, the checks of configs, the listing of ``trustsim describe`` and the
reference in the docs. Nobody enters but plain Python; everyone else reads what stands here.
"""

from trustsim.schema.experiment import EXPERIMENT
from trustsim.schema.instrument import INSTRUMENT
from trustsim.schema.market import MARKET
from trustsim.schema.policy import BUYER, SUPPLIER
from trustsim.schema.row import Parameter

__all__ = ["BUYER", "EXPERIMENT", "INSTRUMENT", "MARKET", "SUPPLIER", "Parameter"]
