"""What a scenario came to: what is lost, what was delivered twice, and which of that has an explanation.

A request that arrived in full and was not answered with a refusal counts as delivered: the destination may have acted
on it. A second one for the same event is a repetition. One that comes although a gateway has logged the first as
delivered is never explained. Otherwise it is where the outcome of the first was unknowable:

* while it was under way, or before its answer could be recorded, a gateway was killed or frozen, or Redis was away for
  about as long as a lease outlasts an attempt;
* the destination gave no answer in HTTP; or
* the gateway says in its log that the answer did not come in time.

Anything else is a fault of the gateway.
"""
import collections
import dataclasses

CUT_OFF, UNANSWERED, TIMED_OUT = "died before the record", "destination gave no answer", "answer came too late"
RECORDING = 2  # seconds between an answer and its record, at most, on a busy machine


@dataclasses.dataclass
class Row:
    """One line of the table."""
    scenario: str
    accepted: int = 0
    lost: int = 0
    twice: int = 0
    explained: int = 0
    seconds: float = 0
    reasons: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    complaints: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)

    @property
    def is_good(self):
        """Whether nothing is lost, nothing unexplained, and no check of the scenario's own has failed."""
        return not self.lost and self.twice == self.explained and not self.complaints

    @property
    def explanation(self):
        """The reasons and how often each of them applied."""
        return ", ".join(f"{reason}: {count}" for reason, count in self.reasons.items())


class Records:
    """What the gateways' logs say of attempts: which answers Redis has, and which never came."""

    def __init__(self, gateways):
        self.delivered, self.unknown = set(), set()
        for line in (line for gateway in gateways for line in gateway.log_lines()):
            key = (line.get("destination"), line.get("id"), line.get("attempt"))
            if line["message"] == "delivered":
                self.delivered.add(key)
            elif not str(line.get("answer", "0")).isdecimal():
                self.unknown.add(key)


def reason_for_repeating(first, second, records, faults):
    """Why a request came again; None if there is no reason."""
    key = (first.destination, first.id, first.attempt)
    if key in records.delivered:
        return None
    recorded = (first.ended or second.began) + RECORDING
    if any(begin < recorded and first.began < end for begin, end in faults):
        return CUT_OFF
    if not first.is_delivered:
        return UNANSWERED
    return TIMED_OUT if key in records.unknown else None


def count_repetitions(row, sink, records, faults):
    """Counts the events that a sink has had more than once, and those of them that can be explained."""
    by_id = collections.defaultdict(list)
    for arrival in list(sink.arrivals):
        by_id[arrival.id].append(arrival)
    for event_id, all_arrivals in by_id.items():
        if any(later.attempt <= earlier.attempt for earlier, later in zip(all_arrivals, all_arrivals[1:])):
            row.complaints.append(f"{sink.name} had {event_id} in attempts {[each.attempt for each in all_arrivals]}")
        arrivals = [each for each in all_arrivals if not each.is_refused]
        if len(arrivals) < 2:
            continue
        reasons = [reason_for_repeating(first, second, records, faults)
                   for first, second in zip(arrivals, arrivals[1:])]
        row.twice += 1
        row.explained += None not in reasons
        row.reasons.update(reason for reason in reasons if reason)
        if None in reasons:
            history = ", ".join(f"attempt {each.attempt}: {each.answer} at {each.began:.3f}" for each in arrivals)
            row.complaints.append(f"{sink.name} had {event_id} again without a reason: {history}")


def count_lost(row, sink, accepted, settled_otherwise=frozenset()):
    """Counts the accepted events that a sink never answered with 2xx and that are not waiting for a person either."""
    missing = sorted(set(accepted) - set(sink.delivered) - settled_otherwise)
    row.lost += len(missing)
    if missing:
        row.complaints.append(f"{sink.name} never got {len(missing)} accepted events, such as {missing[:3]}")


HEADINGS = ["scenario", "accepted", "lost", "delivered twice", "explained", "seconds", "result", "explanation"]


def cells(row):
    """A row as texts."""
    return [row.scenario, *map(str, (row.accepted, row.lost, row.twice, row.explained)), f"{row.seconds:.0f}",
            "ok" if row.is_good else "FAIL", row.explanation]


def as_text(rows):
    """The table with aligned columns."""
    table = [HEADINGS, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table)]
    return "\n".join("  ".join(
        text.rjust(width) if 1 <= n <= 5 else text.ljust(width) for n, (text, width) in enumerate(zip(line, widths))
    ).rstrip() for line in table)


def as_markdown(rows):
    """The table as Markdown, with the notes below."""
    lines = [HEADINGS, ["---"] + ["---:"] * 5 + ["---", "---"], *map(cells, rows)]
    notes = [f"* {row.scenario}: {note}" for row in rows for note in row.notes + row.complaints]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n" + "".join(f"\n{note}" for note in notes)
