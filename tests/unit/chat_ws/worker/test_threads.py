import threading

from chat_ws.worker.threads import THREADS

from tests.fakes import PATIENCE


def test_a_thread_is_a_daemon_so_that_the_environment_can_end() -> None:
    started, threads = threading.Event(), list[threading.Thread]()

    def body() -> None:
        threads.append(threading.current_thread())
        started.set()

    THREADS.start(body, "relay")
    assert started.wait(PATIENCE)
    assert [(thread.name, thread.daemon) for thread in threads] == [("relay", True)]
