/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * matchscript.h - runs the scripts of tests/data/match: events and what must become of them.
 *
 * One line an event, `ts cpu verb args`, or an expectation; # starts a comment.
 *
 *	config cpus=4 csd=0 sends=1		defaults: 4, 1, 1
 *	config window=100			the window of something longer, from then on
 *	100 0 queue 1 csd=0x10 func=F site=S kind=ttwu
 *	101 0 send 1 single site=S		classes: resched single call irqwork ...
 *	102 0 mask 1,2,70 call site=S
 *	103 0 send 1 single sent=105		its stack was unwound until then
 *	110 1 entry single			110 1 exit single
 *	111 1 fentry csd=0x10 func=F kind=ttwu	111 1 fexit ...
 *	120 0 wake 1				120 1 lost 5	120 1 lost unknown
 *	119 1 gap	(the gap that `lost` ends begins)	130 1 start
 *
 * func and site are numbers or any name. Without them a send is at site S with
 * the call function's common callback, a queue event is at S for function F.
 * Between entry and exit a CPU's events are marked hardirq by themselves; [h]
 * [s] [n] [hs] [-] at the end of a line overrides that.
 *
 *	expect hit 101>1 -> 110 exact func=F	delivered by the handler entry at 110
 *	expect hit 102>2 coalesced entry=110	or: in_flight, lost
 *	expect call 100>1 run 111 exact path=sent	or: ran, in_flight, lost
 *	expect call 100>1 wait=known waited=11	or: unknown, none; all functions but MAYBE are waited for
 *	expect irq 110@1 solicited hits=1 calls=1 exit=118	or: unsolicited, before (the window)
 *	expect local 50@0	expect wake 120>1	expect send 102 targets=3
 *	expect totals sends=2 ...		every counter not named must be 0
 *
 * Alternatives are written a/b: fifo/ambiguous. `-` is "no such time".
 */
#ifndef IPITRACE_TESTS_UNIT_MATCHSCRIPT_H
#define IPITRACE_TESTS_UNIT_MATCHSCRIPT_H

/* Runs one script; prints what is wrong as "# ..." lines; returns the number of faults. */
unsigned int script_run(const char *path);

#endif
