"""The handler of mod_pywebsocket's server: echoes; the message "close" makes it close."""


def web_socket_do_extra_handshake(request):
    pass


def web_socket_transfer_data(request):
    while True:
        message = request.ws_stream.receive_message()
        if message is None or message == "close":
            return
        request.ws_stream.send_message(message)
