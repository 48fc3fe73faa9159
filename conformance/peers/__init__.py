"""Other people's WebSocket libraries, judged by Autobahn and by the oracle, and where the two disagree."""
