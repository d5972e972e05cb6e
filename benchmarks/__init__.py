"""Speed and size of trustsim, measured against a plain Mesa model of the same market."""
