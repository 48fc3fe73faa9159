"""The conformance harness of this repository: the genuine Autobahn Testsuite judges refws on each of its hosts."""
