#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Executes every example of README.md and of the man pages, as printed, in a
# scratch directory that holds a small recording.
#
# README.md: each line of a ```sh block is a command; a trailing \ continues
# it. Blocks fenced by ```console show a command and its output, which must be it.
# Man pages: the lines between .EX and .EE of section EXAMPLES that begin with
# "# " (needs root) or "$ ". A line may state its exit status: "... # exit 4".
# Commands that record skip, with the reason, where live tracing is impossible.
# One without an end of its own is stopped by SIGINT, as a user would, once it
# has recorded for a while; the limit on all others only ends what hangs.
# UPDATE=1 writes the outputs into README.md; look at what changed.
# timeout: 3600
# live
. "$(dirname "$0")/../lib.sh"

mkdir "$TMP/bin" "$TMP/here"
ln -s "$IPITRACE" "$TMP/bin/ipitrace"
ln -s "$BUILD" "$TMP/here/build"
ln -s "$ROOT/tests" "$TMP/here/tests"
mkdir "$TMP/here/examples"
ln -s "$EXAMPLES"/* "$ROOT"/examples/reclaim-diff "$TMP/here/examples/"
PATH=$TMP/bin:$PATH
cp "$DATA/demo.dat" "$TMP/here/trace.dat"
cp "$DATA/demo.dat" "$TMP/here/before.dat"
cp "$DATA/demo.dat" "$TMP/here/after.dat"
# For where it cannot be recorded.
cp "$DATA/demo.dat" "$TMP/here/cpu1.dat"
cp "$DATA/wakes.dat" "$TMP/here/wakes.dat"
python3 "$ROOT/tests/cli/whose.py" knows "$DATA/report.dat" "$TMP/here/tree.dat"
cd "$TMP/here" || exit 1

readme_examples() {
	awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 } on' "$ROOT/README.md" |
		sed -e :a -e '/\\$/N; s/\\\n//; ta' | sed 's/^[#$] //'
}

man_examples() {
	awk '/^\.SH/ { on = /EXAMPLES/ } on && /^\.EX/ { ex = 1; next } /^\.EE/ { ex = 0 } on && ex' "$1" |
		sed -n 's/^[#$] //p' | sed 's/\\-/-/g; s/\\(aq/'"'"'/g; s/\\(dq/"/g; s/\\e/\\/g; s/\\&//g'
}

# Commands that cannot be run inside a test; each for a stated reason.
not_here() {
	case $1 in
	make\ demo* | make\ check* | make\ bench* | make\ deps* | make\ vm* | make\ deb* | make\ rpm* | make\ module | "make") echo "runs the build or all tests" ;;
	*make\ *install*) echo "writes to the system" ;;
	*apt-get* | git\ * | cd\ *) echo "sets up the machine" ;;
	*bench*--kernel* | *insmod* | *modprobe*) echo "loads a module" ;;
	*) return 1 ;;
	esac
}

live=$(live_reason) && live=
# What traces here and now, through sudo or not.
is_live() { grep -Eq '(^|[ ;|])ipitrace (record|stat|check|top)( |$)|reclaim-diff' <<<"$1"; }

# Neither a workload nor a duration.
is_endless() { is_live "$1" && [[ $1 != *reclaim-diff* ]] && ! grep -Eq ' (-d|--duration|--)([ =]|$)' <<<"$1"; }
traces_now() { grep -qsx 1 /sys/kernel/tracing/instances/ipitrace-*/tracing_on; }

# The exit status of $1; 124 if it hung.
run_line() {
	local pid
	if ! is_endless "$1"; then
		timeout -s INT -k 30 900 bash -c "$1" >"$OUT" 2>"$ERR" </dev/null
		return
	fi
	# One SIGINT to each process, as Ctrl-C does it; a second would abort.
	setsid env --default-signal=INT bash -c "$1" >"$OUT" 2>"$ERR" </dev/null &
	pid=$!
	while kill -0 $pid 2>/dev/null && ! traces_now; do
		sleep 0.2
	done
	sleep 2
	kill -INT -- -$pid 2>/dev/null
	wait $pid
}

run_example() {
	local from=$1 line=$2 want=0 status reason
	if [[ $line =~ \#\ exit\ ([0-9]+)$ ]]; then
		want=${BASH_REMATCH[1]}
	fi
	line=${line%%  #*}
	line=${line%"${line##*[![:space:]]}"}
	line=${line//sudo /}
	if reason=$(not_here "$line"); then
		note "$from: not run, $reason: $line"
		return
	fi
	if is_live "$line" && [ -n "$live" ]; then
		skip "$from: $line" "$live"
		return
	fi
	is_live "$line" && live_lock
	run_line "$line"
	status=$?
	if [ "$status" -eq "$want" ]; then
		pass "$from: $line"
	else
		not_ok "$from: $line"
		note "exit $status, want $want"
		head -n 10 "$ERR" | sed 's/^/#   /'
	fi
}

nr=0
while IFS= read -r line <&3; do
	line=${line%"${line##*[![:space:]]}"}
	[[ -z $line || $line == \#* ]] && continue
	nr=$((nr + 1))
	run_example README "$line"
done 3< <(readme_examples)
ok "README.md has examples ($nr)" [ $nr -ge 5 ]

# The reports that README.md shows are what the program prints of the recordings that ship.
nr=$(grep -c '^```console$' "$ROOT/README.md")
for ((i = 1; i <= nr; i++)); do
	awk -v n=$i '/^```console$/ { on = ++k == n; next } /^```/ { on = 0 } on' "$ROOT/README.md" >"$TMP/shown"
	command=$(sed -n '1s/^\$ //p' "$TMP/shown")
	sed 1d "$TMP/shown" >"$TMP/shown.out"
	bash -c "$command" >"$OUT" 2>"$ERR"
	if [ -n "${UPDATE:-}" ]; then
		awk -v n=$i -v out="$OUT" '/^```console$/ && ++k == n { print; getline; print
			while ((getline l < out) > 0) print l; skip = 1; next }
			/^```/ { skip = 0 } !skip' "$ROOT/README.md" >"$TMP/readme" && cp "$TMP/readme" "$ROOT/README.md"
	fi
	ok "README.md shows the output of: $command" diff "$TMP/shown.out" "$OUT"
done

for page in "$ROOT"/docs/*.1; do
	nr=0
	while IFS= read -r line <&3; do
		nr=$((nr + 1))
		run_example "${page##*/}" "$line"
	done 3< <(man_examples "$page")
	ok "${page##*/} has examples ($nr)" [ $nr -gt 0 ]
done

# The commands that README promises must exist in the Makefile.
for target in demo check bench vm install; do
	grep -Eq "^$target:" "$ROOT/Makefile"; is $? 0 "make $target exists"
done
# Every documented exit status is the one of base/err.h.
for pair in OK=0 FAILED=1 USAGE=2 INCOMPLETE=3 THRESHOLD=4 MISMATCH=5 CANCELED=125 CANNOT_RUN=126 NOT_FOUND=127; do
	grep -Eq "EXIT_${pair%=*}[[:space:]]*= ${pair#*=}," "$ROOT/tracer/base/err.h" &&
		grep -Eq "^\| ${pair#*=} \|" "$ROOT/README.md"
	is $? 0 "README.md has exit status ${pair#*=} (${pair%=*})"
done
done_testing
