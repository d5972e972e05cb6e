"""The rooms that an order walks through, one topic each; `trustsim.market.round` calls them."""
