"""RFC 6455, The WebSocket Protocol, one module per section; octets and plain values, no socket and no clock.

The folder listing is the table of contents. Sections without a module of their own, and why:

==========  ================================================================================================
1           introduction; not normative. Its handshake and framing examples are tests
2           conventions; 2.1's ASCII rules are `s04_3_collected_abnf.ascii_lowercase`
4           has only subsections
5.1         masks of the right and of the wrong side: `s05_3_client_to_server_masking`
5.6         data frames: the type of a message in `s06_2_receiving_data`, its UTF-8 in `s08_error_handling`
5.7         examples; tests
5.8         extensibility: `s09_extensions`
7.2, 7.3    abnormal and normal closure: what the endpoint does is in `s07_1_definitions`, what its host does
            (reconnecting, waiting for the peer) in `refws.host`
11.3        multiplicity of header fields: where the fields are read, in 4.1 and 4.2
11 (rest)   binds the registry (IANA); the values it began with are where they are used: opcodes in
            `s05_2_base_framing_protocol`, status codes in `s07_4_status_codes`
12          binds specifications that use this protocol; its parsing of a URI is `s03_websocket_uris`
13, 14      acknowledgements and references
==========  ================================================================================================
"""
