#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tree passes its static checks, and the checks find what they are for.
. "$(dirname "$0")/../lib.sh"

for what in format c shell script; do
	if reason=$("$ROOT/tests/lint" --can $what); then
		ok "make lint: $what" "$ROOT/tests/lint" $what
	else
		skip "make lint: $what" "$reason"
	fi
done

# A small tree with a fault of each kind.
copy=$TMP/tree
mkdir -p "$copy"/{.ci,docs,examples,include,module,packaging,tests,tracer/{base,report/html/{common,report,diff}}}
cp "$ROOT"/{.clang-format,.shellcheckrc} "$copy"
cp "$ROOT/tests/lint" "$copy/tests"
cp "$ROOT/tracer/report/html/assemble" "$copy/tracer/report/html"
for part in common diff; do echo '"use strict";' >"$copy/tracer/report/html/$part/part.js"; done
cat >"$copy/tracer/base/fault.c" <<'C'
// SPDX-License-Identifier: GPL-2.0-only
int fault(void);
int fault(void) {
    int a[2] = { 1, 2 };
    return a[2];
}
C
# shellcheck disable=SC2016 # the fault
printf '#!/bin/bash\nrm -r $1\n' >"$copy/tests/fault.sh"
printf 'nowhere();\n' >"$copy/tracer/report/html/report/fault.js"
for what in format c shell script; do
	if reason=$("$ROOT/tests/lint" --can $what); then
		exits 1 "a fault is found: $what" "$copy/tests/lint" $what
		like "$(cat "$OUT")" 'fault\.(c|sh)|nowhere' "and where: $what"
	else
		skip "a fault is found: $what" "$reason"
	fi
done
done_testing
