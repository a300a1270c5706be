#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The page of "report --html": what is in it is what "report --json" says, nothing of a recording is ever more
# than text, and in a browser it does what it promises. Pictures stay in build/pages, to be looked at.
. "$(dirname "$0")/../lib.sh"
page() { PYTHONDONTWRITEBYTECODE=1 python3 "$ROOT/tests/cli/page.py" "$@"; }
viewpage() { PYTHONDONTWRITEBYTECODE=1 python3 "$ROOT/tests/cli/viewpage.py" "$@"; }
diffpage() { PYTHONDONTWRITEBYTECODE=1 python3 "$ROOT/tests/cli/diffpage.py" "$@"; }
SCHEMA=$ROOT/docs/page.schema.json
PAGES=$BUILD/pages
mkdir -p "$PAGES"
cd "$TMP" || exit 1

# --- what it is asked for ---
for args in "--json" "--csv" "--hist delivery" "--matrix count" "--over-time 1ms" "--tlb" "--fields sends" "--by slowest" "--kvm"; do
	# shellcheck disable=SC2086 # words
	exits 2 "--html and $args exclude each other" "$IPITRACE" report --html x.html $args "$DATA/demo.dat"
done
cp "$DATA/demo.dat" demo.dat
exits 2 "--html FILE is the recording" "$IPITRACE" report --html demo.dat demo.dat
ok "which stays what it was" cmp demo.dat "$DATA/demo.dat"
exits 1 "--html in a directory that does not exist" "$IPITRACE" report --html none/x.html demo.dat
mkdir page
exits 1 "--html is a directory" "$IPITRACE" report --html page demo.dat
is "$(tail -n 1 "$ERR")" "hint: name a file that may be created or replaced" "  names no option that report has not"
exits 0 "--html" "$IPITRACE" report --html demo.html demo.dat
is "$(cat "$OUT" "$ERR")" "" "says nothing"
"$IPITRACE" report --html - demo.dat >stream.html
ok "--html -: the same, as a stream" cmp stream.html demo.html
"$IPITRACE" report --html one.html --threads 1 demo.dat
ok "--threads 1: the same" cmp one.html demo.html

# --- what is in it ---
# pages NAME FILE ARGS...: NAME.html and NAME.json of a recording, and that they agree.
pages() {
	local name=$1 file=$2 status
	shift 2
	"$IPITRACE" report --html "$name.html" "$@" "$file" >/dev/null 2>"$ERR"
	status=$?
	[ $status -eq 0 ] || [ $status -eq 3 ] || { cat "$ERR"; return 1; }
	"$IPITRACE" report --json "$@" "$file" --matrix count >"$name.json" 2>/dev/null
	page data "$name.html" "$name.json" "$SCHEMA"
}
for f in "$DATA"/*.dat "$DATA"/rows/*.dat "$DATA"/cases/*.dat.gz; do
	"$IPITRACE" report "$f" >/dev/null 2>&1
	[ $? -eq 1 ] && continue # no IPIs are in it
	ok "the page of ${f#"$DATA"/} agrees with its report" pages any "$f"
done
for args in "--by target" "--by caller,class,comm" "--by stack" "--func flush_tlb_func" "-C 1" "--from +200ms --to +1s"; do
	# shellcheck disable=SC2086 # words
	ok "the page of report $args agrees" pages any demo.dat $args
done

# --- that it stays small ---
# As much as can be told apart: all CPUs hit all others, from many callers.
ok "a recording of 256 CPUs and 10 million events" "$BUILD/perf/simulate" "$DATA/demo.dat" wide.dat 256 10000000 fast 60
ok "its page agrees" pages wide wide.dat
size=$(stat -c %s wide.html)
[ "$size" -lt 3000000 ]
is $? 0 "and is below 3 MB: $size"

# --- a comparison ---
A=$DATA/reclaim/a B=$DATA/reclaim/b
sides=("${A}1.json" "${A}2.json" "${A}3.json" : "${B}1.json" "${B}2.json" "${B}3.json")
exits 2 "diff: --html and --json exclude each other" "$IPITRACE" diff --html x.html --json "${sides[@]}"
exits 2 "diff: --html FILE is one of the inputs" "$IPITRACE" diff --html demo.dat "$DATA/tlb.dat" demo.dat
exits 0 "diff --html" "$IPITRACE" diff --per 32768 --html diff.html "${sides[@]}"
is "$(cat "$OUT" "$ERR")" "" "says nothing"
"$IPITRACE" diff --per 32768 --json "${sides[@]}" >diff.json
ok "its page agrees with diff --json" diffpage data diff.html diff.json "$ROOT/docs/diff-page.schema.json"
"$IPITRACE" diff --force --html two.html "$DATA"/{demo,report}.dat
"$IPITRACE" diff --force --json "$DATA"/{demo,report}.dat >two.json
ok "that of two recordings as well" diffpage data two.html two.json "$ROOT/docs/diff-page.schema.json"

# --- names that are none ---
python3 - "$DATA/report.dat" hostile.dat <<'PY'
import struct, sys
data = open(sys.argv[1], "rb").read()
for old, new in ((b" membarrier\n", b" </script>x\n"), (b" ipi_mb\n", b" <i>\xe2\x80\xa8\n"), (b" wakeup\n", b" <b>'\"&\n"),
                 (b"cmdline ipitrace record -o", b"cmdline <svg onload=alert>")):
    assert old in data and len(old) == len(new), old
    data = data.replace(old, new)
data = bytearray(data)
at, check = data.index(b"facts 1\n"), 0xcbf29ce484222325	# FNV-1a of the facts
for byte in data[at:-24]:
    check = (check ^ byte) * 0x100000001b3 % 2**64
struct.pack_into("<Q", data, len(data) - 8, check)
open(sys.argv[2], "wb").write(data)
PY
ok "the page of a hostile recording agrees with its report" pages hostile hostile.dat --by comm,func
is "$(grep -c '</script>x' hostile.html)$(grep -c '<svg onload' hostile.html)$(grep -c $'\xe2\x80\xa8' hostile.html)" 000 \
	"nothing of it is in the page as it was"
is "$(grep -cE 'innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|fetch\(|XMLHttpRequest|import\(|\.html\(' "$ROOT"/tracer/report/html/*/*.js | grep -v ':0$')" "" \
	"the script makes no elements of text, runs none, and loads nothing"

# --- in a browser ---
if ! command -v chromedriver >/dev/null || ! command -v chromium >/dev/null; then
	skip "the page in a browser" "no chromium and chromedriver"
	done_testing
fi
pages demo demo.dat >/dev/null
ok "numbers, sorting, filters, window, lanes, matrix, details, themes, keys" page look demo.html demo.json "$PAGES" demo
ok "256 CPUs" page wide wide.html wide.json "$PAGES"
ok "hostile names are text" page hostile hostile.html '</script>x'
ok "a comparison of reports" diffpage look diff.html diff.json "$PAGES" diff
ok "a comparison of recordings" diffpage look two.html two.json "$PAGES" two
cp demo.html mailed.html
ok "a view is in the address of the page, of which none does harm" viewpage report demo.html mailed.html
cp diff.html mailed-diff.html
ok "of a comparison as well" viewpage diff diff.html mailed-diff.html
pages six demo.dat --by comm,pid,caller,callsite,func,class
ok "six keys fit" viewpage keys six.html 6 "$PAGES"
pages sends "$DATA/rows/ppc64el-7.3.dat.gz"
pages unsolicited "$DATA/rows/amd64-66cpu.dat"
pages hour "$DATA/cases/quiet-hour.dat.gz"
pages works "$DATA/works.dat.gz"
pages interrupts "$DATA/cases/no-ipi-fmtkept.dat.gz"
pages one "$DATA/cases/minlen.dat.gz"
pages stack demo.dat --by stack
pages window demo.dat --from +200ms --to +300ms
# shellcheck disable=SC2046 # words
pages short demo.dat $(page shortbin demo.html)
pages open "$DATA/cases/libtraceevent-null8.dat.gz"
pages ticks "$DATA/kvm/x2_hlt_sync.dat.gz"
pages nothing demo.dat --func no_such_function
pages nothing-then demo.dat --from +200ms --to +300ms --func no_such_function
ok "what pages say of themselves" page claims "$PAGES" sends.html sends.json unsolicited.html unsolicited.json \
	hour.html hour.json works.html works.json interrupts.html interrupts.json one.html one.json stack.html stack.json window.html window.json \
	short.html short.json open.html open.json nothing.html nothing.json nothing-then.html nothing-then.json \
	ticks.html ticks.json
note "pictures: $(cd "$PAGES" && echo ./*.png)"
done_testing
