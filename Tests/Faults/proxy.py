"""A proxy between a gateway and Redis that cuts connections in the middle of a reply."""
import asyncio
import contextlib
import random


class CuttingProxy:
    """Passes everything on, until it is told to cut: then the next reply on each connection ends part-way."""

    def __init__(self, network, target, seed):
        self.network, self.target, self.rolls = network, str(target), random.Random(seed)
        self.armed, self.open, self.cuts = set(), set(), 0
        self.server = network.call(asyncio.start_server, self.serve, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def cut(self):
        """Has every connection that is open now cut in the middle of its next reply."""
        self.network.call(lambda: self.armed.update(self.open))

    async def serve(self, reader, writer):
        """One connection of the gateway."""
        redis_reader, redis_writer = await asyncio.open_unix_connection(self.target)
        number = object()
        self.open.add(number)
        pumps = [asyncio.ensure_future(self.pass_on(reader, redis_writer, None)),
                 asyncio.ensure_future(self.pass_on(redis_reader, writer, number))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.open.discard(number)
            self.armed.discard(number)
            for pump in pumps:
                pump.cancel()
            for each in (writer, redis_writer):
                each.close()

    async def pass_on(self, reader, writer, number):
        """Passes bytes on in one direction; replies are the one that can be cut."""
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if number in self.armed:
                    writer.write(data[:self.rolls.randrange(len(data))])
                    self.cuts += 1
                    return
                writer.write(data)
                await writer.drain()
