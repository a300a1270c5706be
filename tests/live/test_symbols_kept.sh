#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's own symbols are kept from one recording to the next: what a file
# has of them is what /proc/kallsyms has, whether they were kept or not; and what
# is kept is not used where the kernel hides its addresses, has others, has
# booted since, or where anybody else could have written it.
# timeout: 300
. "$(dirname "$0")/../lib.sh"
need_live 1
[ "$(uname -m)" = x86_64 ] || skip_all "modules may be anywhere on this machine: nothing is kept"
grep -q '^ffff' /proc/kallsyms || skip_all "the kernel hides its symbols"
live_lock
cd "$TMP" || exit 1
KEPT=/run/ipitrace/kallsyms
rm -f $KEPT
mkdir -p /run || exit 1

# record WHAT [COMMAND...]: by that command, if there is one; what it said of its symbols is in $from: own, all, or none.
record() {
	local what=$1 words
	shift
	IPITRACE_DEBUG=session exits 0 "$what" "$@" "$IPITRACE" record --compress none -o f.dat -- "$EXAMPLES/membarrier" -n 20
	words=$(grep -E '^ipitrace: symbols: ' "$ERR")
	case $words in
	*"the kernel's own"*) from=own ;;
	*"all of /proc/kallsyms"*) from=all ;;
	*) from=none ;;
	esac
}
# right [FILE]: every symbol in the file is one of /proc/kallsyms, and they are in its order.
right() {
	python3 - f.dat "${1:-/proc/kallsyms}" <<-'END'
		import re, struct, sys
		data = open(sys.argv[1], 'rb').read()
		at, length = map(int, re.findall(rb'\nsum symbols (\d+) (\d+) ', data)[-1])
		kept = data[at:at + length]
		kept = kept[kept.index(b'ffff'):].rstrip(b'\0').splitlines()
		place = {line: i for i, line in enumerate(open(sys.argv[2], 'rb').read().splitlines())}
		wrong = [line for line in kept if line not in place]
		places = [place[line] for line in kept if line in place]
		print(*wrong, sep='\n', file=sys.stderr)
		sys.exit(not kept or bool(wrong) or places != sorted(places))
	END
}

record "nothing is kept"
is $from all "  all symbols are read"
ok "  the file has them as they are" right
is "$(stat -c '%a %u %F' /run/ipitrace $KEPT)" $'700 0 directory\n600 0 regular file' "  the kernel's own are kept for root alone"
ok "  compressed" test "$(stat -c %s $KEPT)" -lt $(($(wc -c </proc/kallsyms) / 3))
# One with an address of a module, or of data behind the kernel's code, asks for all of them: so not each has to make do.
own=0
for ((i = 0; i < 5; i++)); do
	record "the next time"
	ok "  ($from) the file has them as they are" right || break
	[ $from = own ] && own=1 && break
done
if [ $own = 0 ] && [ -s /proc/modules ]; then
	skip "  the kernel's own were enough" "each of 5 had an address of a module"
	done_testing
	exit
fi
is $own 1 "  the kernel's own were enough"

# fake FILE OVER COMMAND...: that file in the place of another one.
# shellcheck disable=SC2016 # expanded by the inner shell
fake() { unshare -m sh -c 'f=$1 over=$2; shift 2; mount --bind "$f" "$over" && exec "$@"' sh "$@"; }
chmod 644 $KEPT
record "others could read what is kept"
is $from all "  it is not used"
is "$(stat -c %a $KEPT)" 600 "  and replaced"
mv $KEPT elsewhere && ln -s "$TMP/elsewhere" $KEPT
record "a link to what was kept"
is $from all "  it is not used"
is "$(stat -c %F $KEPT)" "regular file" "  and replaced"
truncate -s -1 $KEPT
record "cut by a byte"
is $from all "  it is not used"
chown 65534 /run/ipitrace
record "a directory of somebody else"
is $from all "  nothing in it is used"
chown 0 /run/ipitrace
if ! fake /proc/version /proc/sys/kernel/random/boot_id true 2>/dev/null; then
	skip "another boot, other symbols, a file system that nothing can be written to" "no mount namespace"
	done_testing
	exit
fi
echo 00000000-0000-0000-0000-000000000000 >boot
record "another boot" fake boot /proc/sys/kernel/random/boot_id
is $from all "  what is kept is not of it"
ok "  the file has them as they are" right
rm -f $KEPT
record "kept once more"
sed 's/^0*\([0-9a-f]*\)/\1/; s/^[0-9a-f]*/0000000000000000/' /proc/kallsyms >hidden
record "the kernel hides its addresses" fake hidden /proc/kallsyms
is $from none "  those that are kept do not tell them"
like "$(cat "$ERR")" '^ipitrace: /proc/kallsyms hides addresses' "  which is said"
is "$(grep -aEc '^ffff[0-9a-f]{12} [tT] ' f.dat)" 0 "  nor does the file"
sed 's/^\(ffff[0-9a-f]*\) \([tT]\) \([a-z_]*\)/\1 \2 \3_new/' /proc/kallsyms >others
record "another kernel" fake others /proc/kallsyms
is $from all "  its symbols are used"
ok "  they are in the file" right others
rm -rf /run/ipitrace
# shellcheck disable=SC2016 # likewise
record "where nothing can be written" unshare -m sh -c 'mount -t tmpfs -o ro none /run && exec "$@"' sh
is $from all "  all are read"
ok "  nothing is kept" test ! -e /run/ipitrace
record "by a directory that is there"
ok "  it is" test -e $KEPT
is "$(find /run/ipitrace -mindepth 1 | wc -l)" 1 "nothing else is left"
done_testing
