#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IPITRACE_DEBUG=session: what record does to tracefs, line by line, and
# nothing where nobody asks.
. "$(dirname "$0")/../lib.sh"
need_live 1
live_lock

IPITRACE_DEBUG=session exits 0 "record with IPITRACE_DEBUG=session" "$IPITRACE" record -q -C 0 -o "$TMP/d.dat" -- true
like "$(cat "$ERR")" '^ipitrace: session: ipitrace-[0-9]+\.[0-9a-f]{8} <- made$' "the instance is made"
like "$(cat "$ERR")" '^ipitrace: session: .*/trace_clock <- mono$' "its clock is set"
like "$(cat "$ERR")" '^ipitrace: session: .*/events/csd/csd_queue_cpu/enable <- 1$' "an event is enabled"
like "$(cat "$ERR")" '^ipitrace: session: .*/filter <- .*CPU' "a filter is set"
like "$(cat "$ERR")" '^ipitrace: session: .*/tracing_on <- 1$' "recording begins"
like "$(tail -n 1 "$ERR")" '^ipitrace: session: .* <- removed$' "at last the instance is removed"
# What the kernel takes grace periods for, 20 ms and more each, is done as seldom as can be.
IPITRACE_DEBUG=session exits 0 "record without filters" "$IPITRACE" record -q -o "$TMP/d.dat" -- true
is "$(grep -Ec '/(trace_clock|buffer_size_kb) <- ' "$ERR")" 2 "  clock and buffers are set once each"
is "$(grep -Ec '/trigger <- .*: ' "$ERR")" 0 "  no trigger is refused"
triggers=$(grep -Ec '/trigger <- ' "$ERR")
ok "  a trigger for each event that takes stacks, and no more ($triggers)" test "$triggers" -le 3
exits 0 "without it" "$IPITRACE" record -q -o "$TMP/d.dat" -- true
is "$(cat "$ERR")" "" "nothing is said"
IPITRACE_DEBUG=nonsense exits 2 "an unknown part" "$IPITRACE" record -o "$TMP/e.dat" -- true
done_testing
