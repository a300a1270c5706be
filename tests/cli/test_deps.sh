#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# "make deps" on made-up machines: silent and offline where nothing is missing,
# and the names of the release elsewhere. apt, dpkg and sudo are stand-ins.
. "$(dirname "$0")/../lib.sh"

mkdir "$TMP/bin"
# $TMP/have: installed; $TMP/archive: what apt knows; $TMP/ran: what apt was told.
cat >"$TMP/bin/dpkg-query" <<'SH'
#!/bin/bash
for p; do grep -qx -- "$p" "$TMP/have" && printf 'installed %s ' "$p"; done
SH
cat >"$TMP/bin/apt-cache" <<'SH'
#!/bin/bash
grep -qx -- "$2" "$TMP/archive" && printf '%s:\n  Candidate: 1.0\n' "$2" || printf '%s:\n  Candidate: (none)\n' "$2"
SH
cat >"$TMP/bin/apt-get" <<'SH'
#!/bin/bash
echo "$*" >>"$TMP/ran"
SH
cat >"$TMP/bin/sudo" <<'SH'
#!/bin/bash
"$@"
SH
chmod +x "$TMP/bin/"*
deps() { PATH=$TMP/bin:$PATH "$ROOT/tests/deps" "$@"; }
# A release in which libelf1 is called $1, as far as its archive goes.
machine() {
	sed 's/#.*//' "$ROOT/tests/packages" | awk 'NF { print $2 }' | tr '|' '\n' | grep -vx 'libelf1.*' >"$TMP/archive"
	echo "$1" >>"$TMP/archive"
	cp "$TMP/archive" "$TMP/have"
	: >"$TMP/ran"
}
without() { grep -vx "$1" "$TMP/have" >"$TMP/have.new"; mv "$TMP/have.new" "$TMP/have"; }

for libelf in libelf1 libelf1t64; do
	machine $libelf
	exits 0 "$libelf: nothing is missing" deps
	is "$(cat "$OUT" "$ERR" "$TMP/ran")" "" "$libelf: silent, and apt isn't run"
	without $libelf
	exits 0 "$libelf: missing" deps
	like "$(tail -n 1 "$TMP/ran")" "install .* $libelf\$" "$libelf: installed by the name of this release"
	: >"$TMP/ran"
	exits 0 "$libelf: building does not need it" deps build
	is "$(cat "$TMP/ran")" "" "$libelf: nor installs it"
done
machine libelf1
printf 'gcc\n' >"$TMP/have"
exits 0 "only the packages of building" deps build
unlike "$(cat "$TMP/ran")" 'qemu|aarch64|python3|clang| gcc( |$)' "no QEMU, no cross compiler, nothing that is there"
like "$(tail -n 1 "$TMP/ran")" 'install .* libtracefs-dev .*libkmod-dev node-d3$' "all libraries"
exits 0 "make deps: what building needs" env PATH="$TMP/bin:$PATH" make -s -C "$ROOT" deps
unlike "$(tail -n 1 "$TMP/ran")" 'qemu|aarch64|python3|clang|zsh' "and no more"
head -n -2 "$TMP/ran" >"$TMP/ran.old" && mv "$TMP/ran.old" "$TMP/ran"
exits 2 "a group that is none" deps nonsense
is "$(grep -c . "$TMP/ran")" 2 "and apt isn't run for it"
# Root can become nobody, who must be able to read the tree.
chmod go+rX "$TMP"
if setpriv --reuid 65534 --regid 65534 --clear-groups test -r "$ROOT/tests/deps" 2>/dev/null; then
	rm "$TMP/bin/sudo"
	chmod -R go+rX "$TMP"
	for tool in bash sed awk grep tr sort id cat dirname printf xargs; do
		ln -s "$(command -v $tool)" "$TMP/bin/$tool" 2>/dev/null
	done
	machine libelf1t64
	chmod go+r "$TMP"/*
	as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups env PATH="$TMP/bin" "$ROOT/tests/deps" "$@"; }
	exits 0 "without root and sudo: nothing is missing" as_nobody
	without libelf1t64
	chmod go+r "$TMP"/*
	exits 1 "without root and sudo: something is" as_nobody
	like "$(cat "$ERR")" 'as root: apt-get install libelf1t64$' "which names what to run"
else
	skip "without root and sudo" "nobody cannot be taken on, or cannot read the tree"
fi
done_testing
