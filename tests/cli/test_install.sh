#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make install and uninstall, by comparing trees; what make says on a machine
# that has nothing yet; and that version numbers are the same everywhere.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1
unset MAKEFLAGS MAKELEVEL MFLAGS
make() { command make -s "$@"; }
files() { (cd "$1" && find . ! -type d -printf '%m %P\n' | sort -k 2); }
tree() { (cd "$1" && find . -printf '%y %m %p\n' | sort); }

to="$TMP/a place with spaces"
mkdir "$to"
exits 0 "install, DESTDIR with blanks" make install PREFIX=/usr DESTDIR="$to"
want=$({
	echo "755 usr/bin/ipitrace"
	for f in docs/*.1; do echo "644 usr/share/man/man1/${f#docs/}"; done
	for f in README.md NEWS.md docs/*.md docs/*.json; do echo "644 usr/share/doc/ipitrace/${f##*/}"; done
	for f in examples/*.[ch] tests/data/demo.dat; do echo "644 usr/share/doc/ipitrace/examples/${f##*/}"; done
	echo "755 usr/share/doc/ipitrace/examples/reclaim-diff"
	echo "644 usr/share/bash-completion/completions/ipitrace"
	echo "644 usr/share/zsh/site-functions/_ipitrace"
	echo "644 usr/share/fish/vendor_completions.d/ipitrace.fish"
	echo "644 usr/lib/systemd/system/ipitrace-stat.service"
} | sort -k 2)
is "$(files "$to")" "$want" "program, man pages, completions, documents, examples"
is "$("$to/usr/bin/ipitrace" --version)" "ipitrace $(sed -n 's/^VERSION	*:= *//p' Makefile)" "the program runs there"
is "$(grep ^ExecStart= "$to/usr/lib/systemd/system/ipitrace-stat.service")" "ExecStart=/usr/bin/ipitrace stat --listen localhost" \
	"the unit starts it"
exits 0 "uninstall" make uninstall PREFIX=/usr DESTDIR="$to"
is "$(ls -A "$to")" "" "leaves nothing"

# On a system that others use, too.
mkdir -p "$to/usr"/{bin,share/{man/man1,fish/vendor_completions.d}}
touch "$to/usr/bin/other" "$to/usr/share/man/man1/other.1" "$to/usr/share/fish/vendor_completions.d/other.fish"
before=$(tree "$to")
make install PREFIX=/usr DESTDIR="$to" >/dev/null && make uninstall PREFIX=/usr DESTDIR="$to" >/dev/null
is "$(tree "$to")" "$before" "what others have installed stays"
# Without DESTDIR, directories that any system has are not ours, even if nothing is in them.
mkdir -p "$TMP/local"/{bin,lib,share/man}
before=$(tree "$TMP/local")
exits 0 "install below a prefix" make install PREFIX="$TMP/local"
is "$(files "$TMP/local" | wc -l)" "$(wc -l <<<"$want")" "as many files"
make uninstall PREFIX="$TMP/local" >/dev/null
is "$(tree "$TMP/local")" "$before" "uninstall leaves what was there"
for target in install uninstall; do
	exits 2 "$target, PREFIX with a blank" make $target PREFIX="$TMP/a b"
	like "$(cat "$ERR")" "^Makefile:[0-9]+: \*\*\* PREFIX='$TMP/a b': no blank can be in it" "  is refused"
	is "$(grep -c . "$ERR")" 1 "  in one line"
done
exits 2 "a directory with a blank" make install UNITDIR="$TMP/a b"
like "$(cat "$ERR")" "\*\*\* UNITDIR='$TMP/a b': no blank can be in it" "  likewise"

# --- the module: which kernel, and without its headers ---
refused() { # NAME WANTED [make's words...]
	exits 2 "$1" make "${@:3}"
	like "$(cat "$ERR")" "^Makefile:[0-9]+: \*\*\* $2\.  Stop\.\$" "  $2"
	is "$(grep -c . "$ERR")" 1 "  in one line"
}
for target in module module_install; do
	refused "$target without headers" "KDIR=$TMP/none: no headers of a kernel there" $target KDIR="$TMP/none"
	refused "$target, KDIR with a blank" "KDIR='$TMP/a b': the kernel's build can have no blank in it" $target KDIR="$TMP/a b"
	if [ -e "/lib/modules/$(uname -r)/build/Makefile" ]; then
		skip "$target without headers of the running kernel" "they are there"
	else
		refused "$target" "no headers of the running kernel: apt-get install linux-headers-$(uname -r), or KDIR=" $target
	fi
done
refused "uninstall, no kernel" "KDIR='$TMP/none': of which kernel is not known" uninstall KDIR="$TMP/none" DESTDIR="$to"
mkdir -p "$to/lib/modules"/{"$(uname -r)",6.1.0-other}/updates
touch "$to/lib/modules"/{"$(uname -r)",6.1.0-other}/updates/ipitrace_bench.ko
exits 0 "uninstall, without headers" make uninstall PREFIX=/usr DESTDIR="$to"
is "$(cd "$to/lib/modules" && find . -name '*.ko')" "./6.1.0-other/updates/ipitrace_bench.ko" "the running kernel's module goes, another's stays"
like "$(cat "$OUT")" "^$to/lib/modules/6\.1\.0-other/updates/ipitrace_bench\.ko stays: " "  and is told of"
mkdir -p "$TMP/headers/include/generated"
echo '#define UTS_RELEASE "6.1.0-other"' >"$TMP/headers/include/generated/utsrelease.h"
exits 0 "uninstall, with its headers" make uninstall PREFIX=/usr DESTDIR="$to" KDIR="$TMP/headers"
is "$(cd "$to/lib/modules" && find . -name '*.ko')$(cat "$OUT")" "" "  it goes, too"
rm -r "${to:?}/lib"

# Where nothing is: neither compiler nor libraries.
mkdir "$TMP/bare"
for tool in make sh bash find sed cat printf nproc uname mkdir tests sort; do
	ln -s "$(type -P $tool)" "$TMP/bare/$tool" 2>/dev/null
done
exits 2 "make on a bare system" env PATH="$TMP/bare" make B="$TMP/b"
like "$(cat "$ERR")" "^Makefile:[0-9]+: \*\*\* gcc stdlib\.h protoc-c pkg-config: not found\. 'make deps' installs" "names what is missing, and make deps"
is "$(grep -c . "$ERR")" 1 "in one line"
# shellcheck disable=SC2016 # the script's own
printf '#!/bin/sh\n[ "$1" = --exists ] && [ "$2" != libtracefs ]\n' >"$TMP/pkg-config"
chmod +x "$TMP/pkg-config"
exits 2 "without one library" make B="$TMP/b" PKG_CONFIG="$TMP/pkg-config"
like "$(cat "$ERR")" "^Makefile:[0-9]+: \*\*\* libtracefs: not found\." "names it"

missing=
help=$(make help)
for target in $(make -pn help 2>/dev/null | sed -n 's/^\.PHONY://p'); do
	grep -Eq "(^|[ :])make( [a-z_]+)* $target( |\$)" <<<"$help" || missing+=" $target"
done
is "$missing" " all build perf tests-build asan" "make help names every target but those of the build itself"

like "$help" "ipitrace-stat\.service" "make help names the unit of systemd"
like "$(grep '^sudo make install ' README.md)" "ipitrace-stat\.service" "  and so does README"
for file in docs/*.md; do
	ok "README names $file" grep -qF "$file" README.md
done
# What is loaded when it is asked for is no dependency that tools find.
for file in packaging/debian/control packaging/ipitrace.spec; do
	like "$(grep '^Recommends:' $file)" 'libmicrohttpd.*libmicrohttpd12' "$file recommends what the program loads"
	like "$(grep '^Recommends:' $file)" 'libkmod2' "  libkmod, too"
done
unlike "$(ldd "$IPITRACE")" 'libmicrohttpd|libkmod' "  and every start of it does without"

is "$(sed -n 's/^sudo apt-get install make \(.*\)$/\1/p' README.md)" "$(sed 's/#.*//' tests/packages | awk '$1 == "build" { printf "%s%s", n++ ? " " : "", $2 }')" \
	"the packages that README.md names are those of tests/packages"

version=$(sed -n 's/^VERSION	*:= *//p' Makefile)
is "$(sed -n '1s/^ipitrace (\(.*\)) .*/\1/p' packaging/debian/changelog)" "$version" "the Debian package has this version"
is "$(sed -n 's/^Version: *//p' packaging/ipitrace.spec)" "$version" "the RPM package, too"
# The sources that packages are made of: what git has, and a tree without git is the same.
packaging/source "$TMP/source" >/dev/null
is "$(cd "$TMP/source" && find . -name '*.o' -o -name build)" "" "nothing that was built is in the sources"
is "$("$TMP/source/packaging/source" "$TMP/again")" "$version" "a copy can be copied"
is "$(diff -r "$TMP/source" "$TMP/again")" "" "to the same"
done_testing
