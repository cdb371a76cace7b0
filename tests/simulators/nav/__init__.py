"""A simulated on-premises Dynamics NAV: SOAP services, SQL tables, price file, users."""
