"""draft-ietf-hybi-thewebsocketprotocol-00 ("hixie-76"), the WebSocket of 2010, one module per section, for both roles.

Off by default, and only for peers that know nothing newer: a client's octets go out unmasked, so that a page can choose
what an intermediary sees on the wire, and poison the cache of one that takes it for HTTP (RFC 6455, section 10.3).
Browsers switched this protocol off in December 2010 for that reason. `s07_security_considerations` has the check that
a client passes first.

It knows text only: no binary messages, no fragments, no Ping, no status codes, no extensions. A connection that closed
with the closing handshake has code 1005, any other 1006.

==========  ================================================================================================
1           introduction; not normative. The ABNF of 1.2 is `fields`, the examples of 1.3 are tests
2           conventions; the limits that 2 allows are those of RFC 6455's `Limits`
4.1 step 1  one connection at a time to one address: the host's, as are TCP, proxies and TLS (steps 2 to 4)
5.3         the frames of 4.2, read by a server: `s04_2_data_framing`
5.4         invalid UTF-8 from a client: `s04_3_handling_errors_in_utf_8`
8           binds the registry (IANA)
9           binds specifications that use this protocol: `endpoint` is what they call
10, 11      acknowledgements and references
==========  ================================================================================================
"""

from refws.hybi00.endpoint import Endpoint

__all__ = ["Endpoint"]
