"""One event loop in a thread of its own, on which all senders, sinks and proxies of a scenario run.

The scenario itself runs in the main thread and only looks at what they have taken note of: it reads whole lists and
dictionaries at once, which the interpreter does not interrupt.
"""
import asyncio
import inspect
import threading


class Network:
    """The loop and its thread, as a context."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.call(self._end_tasks)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _end_tasks(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def call(self, function, *arguments):
        """Calls a function or coroutine function on the loop and waits for what it returns."""
        async def run():
            result = function(*arguments)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result()

    def spawn(self, coroutine):
        """Starts a coroutine on the loop; returns its future."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)
