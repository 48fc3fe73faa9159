"""The oracle: judges any WebSocket server, client or recorded conversation, in any language.

It shares no code with the reference: what it knows of the wire it reads and writes itself.
"""
