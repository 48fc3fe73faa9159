import threading

from refws.host.connection import reading


def test_the_connections_of_a_thread_share_a_buffer_and_threads_do_not():
    mine = reading.buffer_to_read_into()
    others = []
    thread = threading.Thread(target=lambda: others.append(reading.buffer_to_read_into()))
    thread.start()
    thread.join()
    assert reading.buffer_to_read_into() is mine
    assert others[0] is not mine
    assert len(mine) == reading.READ_SIZE


def test_where_reads_run_ahead_each_connection_has_its_own(monkeypatch):
    monkeypatch.setattr(reading, "_SHARED", False)
    assert reading.buffer_to_read_into() is not reading.buffer_to_read_into()
