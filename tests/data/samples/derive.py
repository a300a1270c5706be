#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
derive.py - what the matcher has to say about the traces beside this file.

Counts and pairs in ways of its own, on the whole trace at once: interrupts by
a greedy assignment by deadline (which is a maximum matching, since a send can
answer one of two neighbouring interrupts only), calls by queues per key. It
shares nothing with the program under test.

	./derive.py > expected
"""
import gzip
import re
import sys
from collections import Counter, defaultdict, deque
from pathlib import Path

LINE = re.compile(r'(\S+)-(\d+)\s+\[(\d+)\]\s+(\S{5,6})\s+(\d+)\.(\d{6}): (\w+): (.*)')
ENTRY = {'reschedule': 'resched', 'call_function_single': 'single',
         'call_function': 'call', 'irq_work': 'irqwork'}


class Event:
    def __init__(self, m, order):
        self.cpu, flags, self.name, self.args = int(m[3]), m[4], m[7], m[8]
        self.order = order      # the text is in time order, microseconds hide part of it
        self.level = 'h' if flags[2] in 'hH' else 's' if flags[2] == 's' else 't'

    def arg(self, key):
        m = re.search(r'\b%s=([^\s,]+)' % key, self.args)
        return m and m[1]


def sections(path):
    """(name, events) of every part of the file that was recorded at one go."""
    name, events = 'all', []
    for line in gzip.open(path, 'rt', errors='replace'):
        m = re.search(r'@@@ MODE (\d)', line)
        if m:
            if events:
                yield name, events
            name, events = 'mode' + m[1], []
        m = LINE.search(line)
        if m:
            events.append(Event(m, len(events)))
    if events:
        yield name, events


def hits_of(ev):
    """[(target, class)] of a send event, or nothing."""
    if ev.name == 'ipi_send_cpu':
        back = ev.arg('callback')
        cls = 'resched' if back == '0x0' else 'single' if back.startswith('generic_smp') else 'irqwork'
        return [(int(ev.arg('cpu')), cls)]
    if ev.name == 'ipi_send_cpumask':
        mask = int(re.search(r'cpumask=(\S+)', ev.args)[1].replace(',', ''), 16)
        return [(cpu, 'call') for cpu in range(mask.bit_length()) if mask >> cpu & 1]
    return []


def used(ev):
    return bool(re.match(r'(ipi_send_cpu(mask)?|csd_\w+|sched_wake_idle_without_ipi|'
                         r'(%s)_(entry|exit))$' % '|'.join(ENTRY), ev.name))


def interrupts(events, t):
    """Greedy by deadline per (target, class)."""
    sends, entries = defaultdict(list), defaultdict(list)
    for ev in events:
        got = hits_of(ev)
        t['sends'] += bool(got)
        for hit in got:
            sends[hit].append(ev.order)
        m = re.match(r'(\w+)_entry$', ev.name)
        if m and m[1] in ENTRY:
            entries[ev.cpu, ENTRY[m[1]]].append(ev)
    for key in set(sends) | set(entries):
        s, e = deque(sends[key]), entries[key]
        t['target_hits'] += len(s)
        t['interrupts'] += len(e)
        t['interrupts_' + key[1]] += len(e)
        spare = 0                   # sends left over by the window before
        for ev in e:
            own = 0
            while s and s[0] < ev.order:
                s.popleft()
                own += 1
            if spare:               # its deadline is now: rather this one than an own one
                t['delivered'] += 1
                spare = own
            elif own:
                t['delivered'] += 1
                spare = own - 1
            else:
                t['unsolicited'] += 1
                t['unsolicited_' + key[1]] += 1
        t['in_flight'] += len(s)
    t['coalesced'] = t['target_hits'] - t['delivered'] - t['in_flight']


def paths(events, t):
    """Which queue events were sent for, polled, or rode along: last open one per CPU and level."""
    opened, status = defaultdict(list), {}
    for ev in events:
        key = (ev.cpu, ev.level)
        mine = opened[key]
        # Whatever a CPU does besides, or at a level below, it does after the operation.
        for level in 'tsh'['tsh'.index(ev.level) + 1:]:
            opened[ev.cpu, level].clear()
        if re.match(r'csd_function|.*_(entry|exit)$', ev.name) and ev.name != 'csd_queue_cpu':
            mine.clear()
        if ev.name == 'csd_queue_cpu':
            same = mine and (mine[-1].arg('callsite'), mine[-1].arg('func')) == \
                (ev.arg('callsite'), ev.arg('func')) and int(mine[-1].arg('cpu')) < int(ev.arg('cpu'))
            if not same:
                mine.clear()
            mine.append(ev)
            status[ev.order] = 'rider'
        elif ev.name == 'sched_wake_idle_without_ipi':
            found = [q for q in mine if q.arg('cpu') == ev.arg('cpu')]
            if found:
                status[found[-1].order] = 'polled'
                mine.clear()
            else:
                t['wakes'] += 1
        elif hits_of(ev) and hits_of(ev)[0][1] in ('single', 'call'):
            for target, _ in hits_of(ev):
                for q in mine:
                    if int(q.arg('cpu')) == target and q.arg('callsite') == ev.arg('callsite'):
                        status[q.order] = 'sent'
            mine.clear()
    for mine in opened.values():    # the trace ended before their CPU did anything more
        for q in mine:
            status[q.order] = 'unknown'
    count = Counter(status.values())
    t['riders'], t['polled'] = count['rider'], count['polled']
    t['elided'] = t['riders'] + t['polled'] + t['wakes']


def calls(events, t):
    queued, batch = defaultdict(deque), defaultdict(set)
    for ev in events:
        csd, func = ev.arg('csd'), ev.arg('func')
        if ev.name == 'csd_queue_cpu':
            t['calls'] += 1
            cpu = int(ev.arg('cpu'))
            if func == 'sched_ttwu_pending':
                batch[cpu].add(csd)
            else:
                queued[cpu, csd].append(ev)
        elif ev.name == 'csd_function_entry':
            if int(csd, 16) == 0:
                t['local_calls'] += 1
            elif func == 'sched_ttwu_pending':
                t['calls_run'] += len(batch[ev.cpu])
                t['calls_unqueued'] += csd not in batch[ev.cpu]
                batch[ev.cpu].clear()
            elif queued[ev.cpu, csd]:
                queued[ev.cpu, csd].popleft()
                t['calls_run'] += 1
            else:
                t['calls_unqueued'] += 1
    t['calls_in_flight'] = t['calls'] - t['calls_run']


def main():
    here = Path(__file__).parent
    for path in sorted(here.glob('*.txt.gz')):
        for name, events in sections(path):
            events = [ev for ev in events if used(ev)]
            t = Counter()
            interrupts(events, t)
            paths(events, t)
            calls(events, t)
            print(path.name, name, *('%s=%d' % kv for kv in sorted(t.items())))


sys.exit(main())
