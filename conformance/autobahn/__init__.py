"""What this harness knows about the Autobahn Testsuite: its cases, its image, its specifications, its reports."""
