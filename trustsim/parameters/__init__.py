"""Every parameter of the model, declared once.

A row says name, default, bounds, unit, meaning and source. From these rows come the records that
the compiled rooms read (`trustsim.records`), the validation of configs (`trustsim.scenario`), the
listing of ``trustsim describe``, the report's table and the parameter reference in the docs.
"""

from trustsim.parameters.instrument import INSTRUMENT
from trustsim.parameters.market import MARKET
from trustsim.parameters.policy import BUYER, SUPPLIER
from trustsim.parameters.row import Parameter

__all__ = ["BUYER", "INSTRUMENT", "MARKET", "SUPPLIER", "Parameter"]
