"""RFC 7692, Compression Extensions for WebSocket: permessage-deflate, one module per section.

It is handed to an endpoint as an extension (RFC 6455, section 9); `refws.rfc6455` does not import it.

==========  ================================================================================================
1, 2        introduction, terminology; not normative but for the terms, which are the names here
3           response, offer, next and preceding extension: order is kept by `refws.rfc6455.s09_extensions`
4           binds those who specify other compression extensions
5           negotiation, by the rules of 7.1: `s05_extension_negotiation`
6           the RSV1 bit and the way of a message through the extension: `s06_framing`
7.1         the four parameters: `s07_1_method_parameters`
7.2         compression and decompression: `s07_2_1_compression`, `s07_2_2_decompression`
7.3         considerations: `PermessageDeflate.threshold`
8           security: compression may leak secrets that travel with what an attacker chose; it can be left out for
            each message
9, 10       bind the registry; references
==========  ================================================================================================
"""

from refws.rfc7692.s05_extension_negotiation import PermessageDeflate

__all__ = ["PermessageDeflate"]
