"""Queries over all runs: counters, the audit trail, and the purge."""

from __future__ import annotations

from educonnect_flow import tally
from educonnect_flow._typed import check_limit
from educonnect_flow.engine._ports import Ports
from educonnect_flow.errors import WrongUse
from educonnect_flow.outcome import Budget
from educonnect_flow.people import E164
from educonnect_flow.records import AuditEntry
from educonnect_flow.steps.limits import limits_of, prefix_of
from educonnect_flow.tally import micros, moment


async def purge(ports: Ports, limit: int) -> int:
    """Delete expired data; return the number of runs deleted."""
    check_limit(limit)
    return await ports.stored(ports.store.purge, ports.now(), limit)


async def audit(ports: Ports, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
    """Audit entries of all runs, each with its number."""
    check_limit(after)
    check_limit(limit)
    return await ports.stored(ports.store.entries, after, limit)


async def budget(ports: Ports, kind: str, mobile: str | None, source: str | None, prefix: str | None) -> Budget:
    """What is counted against the limit *kind*."""
    needed = {"mobile": mobile, "source": source, "prefix": prefix or mobile}
    for name, given in needed.items():
        if name in kind and not given:
            raise WrongUse(f"the budget {kind} is counted per {name}: say which")
    keys: tuple[str, ...] = (prefix or "",)
    if mobile is not None:
        keys = (prefix_of(E164(mobile)),) if "prefix" in kind else ports.keys.tokens("mobile", mobile)
    elif source is not None:
        keys = ports.keys.tokens("source", source)
    now = micros(ports.now())
    used, until = 0, None
    for key in keys:  # hits are counted under every key; the oldest key has the complete count
        counted, free = await _counted(ports, kind, key, now)
        used, until = max(used, counted), max(free, until or free) if free is not None else until
    return Budget(
        kind=kind,
        used=used,
        cap=getattr(ports.settings, kind),
        barred_until=moment(until) if until is not None else None,
    )


async def _counted(ports: Ports, kind: str, key: str, now: int) -> tuple[int, int | None]:
    """The count, and until when all parts of the limit refuse (``None`` when one does not), in microseconds."""
    try:
        limits = limits_of(kind, key, ports.settings)
    except KeyError:
        raise WrongUse(f"there is no budget {kind!r}") from None
    used, free = 0, []
    for limit in limits:
        counted = await ports.stored(ports.store.tally, limit.kind, limit.key)
        used += tally.used(counted, limit, now)
        free.append(tally.barred(counted, limit, now))
    barred = [until for until in free if until is not None]
    return used, max(barred) if barred and len(barred) == len(free) else None
