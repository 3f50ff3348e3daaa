"""CPU time of processes, from proc(5)."""
import os
import pathlib

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def _stat(process_id):
    """The fields behind the name, from the state on; none if the process is gone."""
    try:
        return pathlib.Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    except OSError:
        return []


def seconds(*process_ids):
    """What the processes, their descendants and what was waited for among those have used so far, in seconds.

    Not one number per thread, and not only the first process: nginx works in a child, and Redis rewrites in one.
    """
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        if fields := _stat(name):
            children.setdefault(int(fields[1]), []).append(int(name))
    total, waiting = 0, list(process_ids)
    while waiting:
        process_id = waiting.pop()
        waiting += children.get(process_id, [])
        total += sum(int(ticks) for ticks in _stat(process_id)[11:15])
    return total / TICKS_PER_SECOND
