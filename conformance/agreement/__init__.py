"""The oracle beside genuine Autobahn: the same cases against the same programs, and a ruling for each difference."""
