"""What a server does wrong on purpose: small faults in a row between a session and its socket."""
