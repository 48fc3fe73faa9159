"""How a client reaches its server: redirects, proxies, credentials, and when to try again."""
