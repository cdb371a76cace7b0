"""A simulated JD Edwards EnterpriseOne."""
