// SPDX-License-Identifier: GPL-2.0-only
/* Tables of hist triggers, as kernels print them. */
#include <stdlib.h>

#include "capture/counts.h"
#include "tap.h"

/* The file of an event with two triggers: each is a part of its own. */
static const char two[] =
	"# event histogram\n#\n# trigger info: hist:keys=common_stacktrace:vals=hitcount:sort=hitcount:size=2048 [paused]\n#\n\n"
	"{ common_stacktrace:\n"
	"         generic_exec_single+0x38/0xf0\n"
	"         smp_call_function_single+0xe9/0x130\n"
	"         do_sync_core+0x1/0x2 [some_module]\n"
	"} hitcount:          7\n"
	"\nTotals:\n    Hits: 10\n    Entries: 1\n    Dropped: 3\n\n"
	"# event histogram\n#\n# trigger info: hist:keys=cpu:vals=hitcount:sort=hitcount:size=2048 [paused]\n#\n\n"
	"{ cpu:          3 } hitcount:          4\n"
	"{ cpu:         12 } hitcount:          6\n"
	"\nTotals:\n    Hits: 10\n    Entries: 2\n    Dropped: 0\n";
static const char sites[] =
	"# event histogram\n#\n# trigger info: hist:keys=callsite.sym,cpu:vals=hitcount:sort=hitcount:size=4096 [active]\n#\n\n"
	"{ callsite: [ffffffffb5a1c3c4] try_to_wake_up                               , cpu:          1 } hitcount:          1\n"
	"{ callsite: [ffffffffc0a1c3c4] kick [kvm]                                   , cpu:          0 } hitcount:      20000\n"
	"\nTotals:\n    Hits: 20001\n    Entries: 2\n    Dropped: 0\n";
static const char none[] =
	"# event histogram\n#\n# trigger info: hist:keys=callsite.sym:vals=hitcount:sort=hitcount:size=2048 "
	"[active]\n#\n\n\nTotals:\n    Hits: 0\n    Entries: 0\n    Dropped: 0\n";

int main(void)
{
	struct counts_table t = { 0 };

	ok(counts_parse(&t, two, "cpu"), "the second of two");
	is_u64(t.nr, 2, "  two targets");
	is_u64(t.rows[1].target, 12, "  the target");
	is_u64(counts_sum(&t), 10, "  the sum");
	ok(t.nr && !t.rows[0].name, "  no name");
	counts_free(&t);
	ok(counts_parse(&t, two, "common_stacktrace"), "the first of two");
	is_u64(t.nr, 1, "  one stack");
	is_str(t.rows[0].name,
	       "generic_exec_single+0x38\nsmp_call_function_single+0xe9\ndo_sync_core+0x1 [some_module]",
	       "  its frames");
	is_u64(t.rows[0].target, COUNTS_NO_TARGET, "  no target");
	is_u64(t.dropped, 3, "  what found no place");
	counts_free(&t);
	ok(counts_parse(&t, sites, "callsite.sym,cpu"), "call sites and targets");
	is_u64(t.nr, 2, "  two rows");
	is_str(t.rows[0].name, "try_to_wake_up", "  a name without the blanks");
	is_u64(t.rows[0].target, 1, "  its target");
	is_str(t.rows[1].name, "kick [kvm]", "  one of a module");
	is_u64(t.rows[1].count, 20000, "  its count");
	counts_free(&t);
	ok(counts_parse(&t, none, "callsite.sym"), "nothing counted");
	is_u64(t.nr, 0, "  is no row");
	counts_free(&t);
	ok(!counts_parse(&t, sites, "callsite.sym"), "keys that begin alike are others");
	ok(!counts_parse(&t, "", "cpu"), "no table");
	for (size_t cut = 0; cut < sizeof(sites); cut += 7) {
		char *part = strndup(sites, cut);

		counts_parse(&t, part, "callsite.sym,cpu");
		counts_free(&t);
		free(part);
	}
	ok(true, "whatever is cut off");
	return done_testing();
}
