"""Echoes by mod_pywebsocket 0.7.9, on CPython 2.7, with the handler in the folder beside this file."""

import os
import sys

from mod_pywebsocket import standalone

handlers = os.path.join(os.path.dirname(os.path.abspath(__file__)), "handlers")
arguments = ["-H", "127.0.0.1", "-p", "0", "-d", handlers, "-w", handlers]
options = standalone._parse_args_and_config(arguments)[0]
options.cgi_directories = []
options.is_executable_method = None
options.use_basic_auth = False
server = standalone.WebSocketServer(options)
sys.stdout.write("port " + str(server._sockets[0][0].getsockname()[1]) + "\n")
sys.stdout.flush()
server.serve_forever()
