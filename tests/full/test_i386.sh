#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3600
#
# A machine of 32 bits: ipitrace builds for i386 without a warning, and reports every recording as it does here, to the
# byte. On a kernel of 64 bits it does not record, and says so.
set -u
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/vm/lab.sh"
[ "$HOST_ARCH" = amd64 ] || skip_all "i386's programs run on amd64 machines, this is $HOST_ARCH"

# shellcheck disable=SC2034 # the lab's functions read them
ROW_ARCH=i386 ROW_LIBS=bookworm
lab_lock || exit 1
lab_fetch_sysroot 2>"$TMP/err" || skip_all "$(tail -n 1 "$TMP/err")"
exec 8>&-
dirs=$SYSROOT/usr/lib/i386-linux-gnu:$SYSROOT/lib/i386-linux-gnu
exits 0 "it builds without a warning" env PKG_CONFIG_LIBDIR="${dirs%%:*}/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$SYSROOT" \
	make -s -C "$ROOT" -j2 B="$TMP/i386" WERROR=1 CC=i686-linux-gnu-gcc \
	LDFLAGS="-L${dirs/:/ -L} -Wl,-rpath-link,$dirs -Wl,--allow-shlib-undefined" build || done_testing
i386=(/usr/i686-linux-gnu/lib/ld-linux.so.2 --library-path "$dirs:/usr/i686-linux-gnu/lib" "$TMP/i386/ipitrace")
"${i386[@]}" --version >/dev/null 2>&1 || { skip "it runs" "this kernel runs no 32-bit programs"; done_testing; }

said() {
	"$@" >"$TMP/said" 2>&1
	echo "exit $?" >>"$TMP/said"
	md5sum <"$TMP/said"
}
nr=0 differ=''
while IFS= read -r file; do
	kvm=()
	[[ $file != */kvm/* ]] || kvm=(--kvm)
	for how in "report --json ${kvm[*]}" "list --json"; do
		# shellcheck disable=SC2086 # several words
		[ "$(said "$IPITRACE" $how "$file")" = "$(said "${i386[@]}" $how "$file")" ] || differ+=" ${file#"$DATA"/} ($how)"
		nr=$((nr + 1))
	done
done < <(find "$DATA" -name '*.dat' -o -name '*.dat.gz')
is "$differ" "" "all of $nr reports and lists are the same"
ok "and there are some" test "$nr" -gt 100

if [ "$(id -u)" -eq 0 ] && "$IPITRACE" probe --json 2>/dev/null | grep -q '"tracefs": true'; then
	exits 125 "on this kernel it does not record" "${i386[@]}" record -o "$TMP/none.dat" -- true
	like "$(cat "$ERR")" 'this ipitrace is of 32 bits, the kernel of 64' "and says why"
	ok "there is no file" test ! -e "$TMP/none.dat"
	exits 1 "and probe knows that" "${i386[@]}" probe --json
	json_check "$OUT" "d['tier'] == 'none' and 'architecture' in d['raise']" "and what would help"
else
	skip "on this kernel it does not record" "not root, or no tracefs"
fi
done_testing
