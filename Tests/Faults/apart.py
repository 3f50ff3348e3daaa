"""A sink in a process of its own, so that a burst of requests to it delays nothing that others measure."""
import multiprocessing
import threading

import network
import sinks


def serve(connection, name, behaviour):
    """Runs one sink and answers questions about it until the other side has gone."""
    with network.Network() as loop:
        sink = sinks.Sink(loop, name, behaviour)
        connection.send((sink.port, sink.url))
        while True:
            try:
                question = connection.recv()
            except EOFError:
                return
            connection.send(list(sink.arrivals) if question == "arrivals" else dict(sink.delivered))


class SinkApart:
    """The same as a `sinks.Sink`, seen from here; its behaviour cannot change."""

    def __init__(self, name, behaviour):
        self.name, self.lock = name, threading.Lock()
        self.connection, theirs = multiprocessing.Pipe()
        # Not forked: this process has threads.
        self.process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(theirs, name, behaviour), daemon=True)
        self.process.start()
        theirs.close()
        self.port, self.url = self.connection.recv()

    def ask(self, question):
        """Asks for what it has noted so far."""
        with self.lock:
            self.connection.send(question)
            return self.connection.recv()

    @property
    def arrivals(self):
        """All requests."""
        return self.ask("arrivals")

    @property
    def delivered(self):
        """For each id the time of its first 2xx."""
        return self.ask("delivered")

    def end(self):
        """Ends the process."""
        self.connection.close()
        self.process.join(10)
        self.process.kill()
