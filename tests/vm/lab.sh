# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The lab: Debian's own kernels, booted in QEMU from an initramfs of ours.
# Sourced by fetch and run. Nothing is installed; everything lies in the cache
# (packages, unpacked kernels and headers) and in build/vm (modules, initramfs,
# logs). Functions return 1 with the reason on stderr.

LC_ALL=C; export LC_ALL
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$LAB/../.." && pwd)
BUILD=${BUILD:-$ROOT/build}
if [ -n "${IPITRACE_VM_CACHE:-}" ]; then
	CACHE=$IPITRACE_VM_CACHE
elif [ -n "${XDG_CACHE_HOME:-${HOME:-}}" ]; then
	CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ipitrace/vm
else
	CACHE=$BUILD/vm-cache
fi
HOST_ARCH=$(dpkg --print-architecture 2>/dev/null || echo unknown)

lab_err() { echo "lab: $*" >&2; return 1; }

# Sets ROW, ROW_ARCH, ROW_SERIES, ROW_FLAVOUR, ROW_SUITES, ROW_CPUS, ROW_NODES, ROW_KVM, ROW_TIER and what
# follows from them. ROW_KARCH: the kernel's name of the architecture. ROW_LIBS: whose libraries the
# guest's programs use, this machine's release where that has the architecture.
lab_row() {
	read -r ROW ROW_ARCH ROW_SERIES ROW_FLAVOUR ROW_SUITES ROW_CPUS ROW_NODES ROW_KVM ROW_TIER < \
		<(awk -v n="$1" '$1 == n' "$LAB/rows")
	[ -n "${ROW:-}" ] || { lab_err "no row '$1'; there are: $(lab_rows | tr '\n' ' ')"; return 1; }
	ROW_LIBS=bookworm
	case $ROW_ARCH in
	amd64) ROW_GNU=x86_64-linux-gnu ROW_KARCH=x86 ROW_QEMU=qemu-system-x86_64 ;;
	arm64) ROW_GNU=aarch64-linux-gnu ROW_KARCH=arm64 ROW_QEMU=qemu-system-aarch64 ;;
	armhf) ROW_GNU=arm-linux-gnueabihf ROW_KARCH=arm ROW_QEMU=qemu-system-arm ;;
	riscv64) ROW_GNU=riscv64-linux-gnu ROW_KARCH=riscv ROW_QEMU=qemu-system-riscv64 ROW_LIBS=trixie ;;
	s390x) ROW_GNU=s390x-linux-gnu ROW_KARCH=s390 ROW_QEMU=qemu-system-s390x ;;
	ppc64el) ROW_GNU=powerpc64le-linux-gnu ROW_KARCH=powerpc ROW_QEMU=qemu-system-ppc64 ;;
	*) lab_err "row $ROW: unknown architecture $ROW_ARCH"; return 1 ;;
	esac
	KERNEL_DIR=$CACHE/$ROW_FLAVOUR-$ROW_SERIES
	[ "$ROW_CPUS" != - ] || KERNEL_DIR+=-headers
	OUT_DIR=$BUILD/vm/$ROW
}

lab_rows() { awk 'NF && $1 !~ /^#/ { print $1 }' "$LAB/rows"; }
lab_rows_booted() { awk 'NF && $1 !~ /^#/ && $6 != "-" { print $1 }' "$LAB/rows"; }

# The cache: one user at a time, until fd 8 is closed.
lab_lock() {
	mkdir -p "$CACHE" && exec 8>"$CACHE/lock" && flock 8
}

# What is built and written for a row: one user at a time. fd 7.
lab_row_lock() {
	mkdir -p "$OUT_DIR" && exec 7>"$OUT_DIR/lock" && flock 7
}

# --- packages ---------------------------------------------------------------

# apt with lists, cache and sources of its own; the machine's stay as they are.
lab_apt() {
	local cmd=$1
	shift
	"$cmd" -q -o Dir::State="$APT/state" -o Dir::State::status="$APT/status" \
		-o Dir::Cache="$APT/cache" -o Dir::Etc::sourcelist="$APT/sources.list" \
		-o Dir::Etc::sourceparts=- -o Dir::Etc::preferences=- -o Dir::Etc::preferencesparts=- \
		-o APT::Architectures::="$HOST_ARCH" -o APT::Architectures::="$ROW_ARCH" \
		-o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}

# lab_apt_setup SUITE...: private sources from the machine's own, same place.
lab_apt_setup() {
	local uri suite by='' arches=$HOST_ARCH
	APT=$CACHE/apt
	command -v apt-get >/dev/null || { lab_err "no apt-get on this machine"; return 1; }
	# shellcheck disable=SC2016 # apt's own variables
	uri=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' \
		'Created-By: Packages' 2>/dev/null |
		sed -n 's/^Debian|Debian|main|//p' | head -n 1)
	[ -n "$uri" ] || { lab_err "the machine's apt configuration names no Debian archive (or has no lists yet)"; return 1; }
	mkdir -p "$APT/state/lists/partial" "$APT/cache/archives/partial" || return 1
	: >"$APT/status"
	[ "$ROW_ARCH" = "$HOST_ARCH" ] || arches=$HOST_ARCH,$ROW_ARCH
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] &&
		by=" signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
	for suite; do
		echo "deb [arch=$arches$by] $uri $suite main"
	done >"$APT/sources.list"
	lab_apt apt-get -o APT::Update::Error-Mode=any update >"$APT/update.log" 2>&1 ||
		{ tail -n 3 "$APT/update.log" >&2; lab_err "cannot fetch package lists"; return 1; }
}

lab_has() { lab_apt apt-cache show "$1" 2>/dev/null | grep -q '^Filename:'; }

# Newest kernel release of the series and flavour that has image and headers: "6.12.95+deb12-amd64", "7.3-amd64".
lab_pick_kernel() {
	local release series="${ROW_SERIES//./\\.}[.-]"
	[ "$ROW_SERIES" != newest ] || series='[0-9]'
	for release in $(lab_apt apt-cache pkgnames linux-headers- |
		sed -n "s/^linux-headers-\($series.*\)\$/\1/p" |
		grep -E "^[0-9.]+([~+][a-z0-9.]+)?(-[0-9]+)?-$ROW_FLAVOUR\$" | sort -Vr); do
		lab_has "linux-image-$release:$ROW_ARCH" && { echo "$release"; return 0; }
	done
	lab_err "${ROW_SUITES//,/ and }: no $ROW_SERIES kernel $ROW_FLAVOUR for $ROW_ARCH with headers"
}

# Names of the header packages of $1 that the build needs, kbuild for this machine.
lab_header_packages() {
	lab_apt apt-cache show "linux-headers-$1:$ROW_ARCH" | sed -n 's/^Depends: //p' | head -n 1 |
		tr ',|' '\n' | awk -v host="$HOST_ARCH" '
			$1 ~ /^linux-headers-.*-common(-rt)?$/ { print $1 }
			$1 ~ /^linux-kbuild-/ { print $1 ":" host }'
	echo "linux-headers-$1:$ROW_ARCH"
}

lab_download() {
	(cd "$1" && shift && lab_apt apt-get download "$@") >"$APT/download.log" 2>&1 ||
		{ tail -n 3 "$APT/download.log" >&2; lab_err "cannot download: ${*:2}"; return 1; }
}

# Drivers that the results port needs where the kernel doesn't have them built in, in order.
PORT_MODULES="virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_console"
# And those by which it hosts virtual machines.
KVM_MODULES="rng-core irqbypass ccp kvm kvm-amd"

# Image, configuration and drivers of the kernel $2 into $1. Since 7.x a kernel is in several packages; the
# modules' is large, and where the port's drivers are built in it isn't needed.
lab_fetch_image() {
	local dir=$1 release=$2 debs=$1.debs
	mkdir -p "$debs"
	if lab_has "linux-binary-$release:$ROW_ARCH"; then
		lab_download "$debs" "linux-binary-$release:$ROW_ARCH" "linux-base-$release:$ROW_ARCH" &&
			lab_unpack_image "$dir" "$debs"/*.deb || return 1
		grep -q '^CONFIG_VIRTIO_PCI=y' "$dir/config" && grep -q '^CONFIG_VIRTIO_CONSOLE=y' "$dir/config" && return 0
		lab_download "$debs" "linux-modules-$release:$ROW_ARCH" || return 1
	else
		lab_download "$debs" "linux-image-$release:$ROW_ARCH" || return 1
	fi
	lab_unpack_image "$dir" "$debs"/*.deb
}

lab_unpack_image() {
	local dir=$1 deb module file modules=()
	shift
	mkdir -p "$dir/image" "$dir/drivers"
	for module in $PORT_MODULES $KVM_MODULES; do
		modules+=("*/$module.ko*")
	done
	for deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir/image" --wildcards './boot/*' \
			'./*lib/modules/*/vmlinuz' './*lib/modules/*/config' "${modules[@]}" 2>/dev/null
	done
	file=$(find "$dir/image" -name 'vmlinu*' -type f | head -n 1)
	{ [ -n "$file" ] && mv "$file" "$dir/vmlinuz" && lab_unpack_zboot "$dir/vmlinuz"; } || return 1
	file=$(find "$dir/image" -name 'config*' -type f | head -n 1)
	{ [ -n "$file" ] && mv "$file" "$dir/config"; } || return 1
	for module in $PORT_MODULES $KVM_MODULES; do
		file=$(find "$dir/image" -name "$module.ko*" | head -n 1)
		case $file in
		*.ko) cp "$file" "$dir/drivers/" ;;
		*.ko.xz) xz -dc "$file" >"$dir/drivers/$module.ko" ;;
		*.ko.zst) zstd -qdc "$file" >"$dir/drivers/$module.ko" ;;
		esac
	done
	rm -rf "$dir/image"
}

# An EFI program that unpacks the kernel in it (drivers/firmware/efi/libstub/zboot-header.S) is the kernel in it:
# QEMU has no firmware to run it.
lab_unpack_zboot() {
	local offset size how
	[ "$(dd if="$1" bs=1 skip=4 count=4 2>/dev/null | tr -d '\0')" = zimg ] || return 0
	read -r offset size < <(od -An -t u4 -j 8 -N 8 "$1")
	how=$(dd if="$1" bs=1 skip=24 count=8 2>/dev/null | tr -d '\0')
	case $how in gzip) how='gzip -dc' ;; zstd*) how='zstd -qdc' ;; xz*) how='xz -dc' ;;
	*) lab_err "kernel packed by '$how'"; return 1 ;;
	esac
	tail -c +$((offset + 1)) "$1" | head -c "$size" | $how >"$1.raw" && mv "$1.raw" "$1"
}

# The headers' top Makefile names by where they would be installed its common part and, since 7.x, itself.
# Their vmlinux, since 7.x, is types for BTF, for which the build would need the newest pahole and C library.
lab_unpack_headers() {
	local dir=$1 deb makefile
	shift
	for deb; do
		dpkg-deb -x "$deb" "$dir/headers" || return 1
	done
	makefile=$(find "$dir/headers/usr/src" -maxdepth 2 -path "*-$ROW_FLAVOUR/Makefile")
	[ -n "$makefile" ] || { lab_err "headers without a Makefile"; return 1; }
	ln -sfn "${makefile%/Makefile}" "$dir/kdir"
	rm -f "$dir/kdir/vmlinux"
	[ ! -e "$dir/toolchain" ] || lab_by_toolchain "$dir/toolchain" "$dir"/headers/usr/lib/linux-kbuild-* || return 1
	# shellcheck disable=SC2016 # make's own variables
	sed -i 's#\(^include \|^KBUILD_OUTPUT *:\{0,1\}= *\)/usr/#\1$(dir $(abspath $(firstword $(MAKEFILE_LIST))))../../../usr/#' "$makefile"
}

# Programs below $2... that want libraries newer than this machine's run by those of the toolchain $1.
lab_by_toolchain() {
	local dir=$1 file to
	shift
	while IFS= read -r file; do
		[[ $file != *.so* && $(head -c 4 "$file" | tail -c 3) = ELF ]] || continue
		ldd "$file" 2>&1 | grep -q 'not found' || continue
		to=$(realpath -m --relative-to="${file%/*}" "$dir")
		mv "$file" "$file.elf" && cat >"$file" <<-EOF && chmod +x "$file" || return 1
			#!/bin/sh
			here=\$(dirname "\$(readlink -f "\$0")")
			exec "\$here/$to/lib64/ld-linux-x86-64.so.2" --argv0 "\$0" \\
				--library-path "\$here/$to/usr/lib/x86_64-linux-gnu" "\$here/${file##*/}.elf" "\$@"
		EOF
	done < <(find "$@" -type f -perm -u+x 2>/dev/null)
}

# Link $2: the compiler that built the kernel $1, where this machine's is older, and what it needs. An
# older one lacks options and instructions that the kernel's configuration has. One for all kernels that it built.
lab_fetch_toolchain() {
	local release=$1 link=$2 debs=$CACHE/tmp.$$/toolchain gcc dir names deb
	gcc=$(lab_apt apt-cache show "linux-headers-$release:$ROW_ARCH" | sed -n 's/^Depends: //p' | head -n 1 |
		grep -oE '\bgcc-[0-9]+' | head -n 1)
	[ -n "$gcc" ] && [ "${gcc#gcc-}" -gt "$(gcc -dumpversion)" ] || return 0
	dir=$CACHE/$ROW_ARCH-$gcc
	ln -sfn "../${dir##*/}" "$link"
	[ ! -e "$dir/complete" ] || return 0
	names=$(lab_apt apt-get -s --no-install-recommends install "$gcc-${ROW_GNU//_/-}" libelf1t64 2>/dev/null |
		awk '$1 == "Inst" && $2 ~ /^(gcc-|cpp-|binutils|lib)/ && $2 !~ /-dev|-cross|-data|-base$/ { print $2 }')
	rm -rf "$dir"
	mkdir -p "$debs" "$dir"
	# shellcheck disable=SC2086 # several names
	lab_download "$debs" $names || return 1
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$dir" || return 1
	done
	[ -e "$dir/usr/bin/$ROW_GNU-$gcc" ] || { lab_err "$gcc for $ROW_ARCH lacks its program"; return 1; }
	ln -sfn "$ROW_GNU-$gcc" "$dir/usr/bin/$ROW_GNU-gcc"
	[ -e "$dir/lib64" ] || ln -s usr/lib64 "$dir/lib64"
	lab_by_toolchain "$dir" "$dir"/usr/bin "$dir"/usr/lib* "$dir/usr/$ROW_GNU" || return 1
	"$dir/usr/bin/$ROW_GNU-gcc" --version >/dev/null || { lab_err "$gcc for $ROW_ARCH does not run here"; return 1; }
	touch "$dir/complete"
}

# Kernel and busybox of the row into $2; rows that are for building alone have no CPUs to boot.
lab_fetch_boot() {
	local release=$1 dir=$2 debs=$CACHE/tmp.$$/busybox
	[ "$ROW_CPUS" != - ] || return 0
	mkdir -p "$debs"
	lab_fetch_image "$dir" "$release" && lab_apt_setup "$ROW_LIBS" &&
		lab_download "$debs" "busybox-static:$ROW_ARCH" && dpkg-deb -x "$debs"/*.deb "$debs" &&
		cp "$(find "$debs" -path '*bin/busybox')" "$dir/"
}

# Kernel, headers and busybox of the row into the cache, unless they are there: with these modules, as far as it has them.
lab_fetch() {
	local release dir tmp has
	has=$(cat "$KERNEL_DIR/complete" 2>/dev/null)
	[ "$has" = "$PORT_MODULES $KVM_MODULES" ] || has=
	[ "${1:-}" = --update ] || [ -z "$has" ] || return 0
	# shellcheck disable=SC2086 # several words
	lab_apt_setup ${ROW_SUITES//,/ } || return 1
	release=$(lab_pick_kernel) || return 1
	if [ -n "$has" ] && [ "$(cat "$KERNEL_DIR/release")" = "$release" ]; then
		return 0
	fi
	echo "lab: fetching $release and its headers" >&2
	tmp=$CACHE/tmp.$$
	dir=$tmp/new
	mkdir -p "$tmp/headers" "$dir"
	# shellcheck disable=SC2046 # several names
	if lab_download "$tmp/headers" $(lab_header_packages "$release") &&
	   lab_fetch_toolchain "$release" "$dir/toolchain" &&
	   lab_fetch_boot "$release" "$dir" &&
	   echo "$release" >"$dir/release" &&
	   rm -rf "$KERNEL_DIR" && mv "$dir" "$KERNEL_DIR" &&
	   lab_unpack_headers "$KERNEL_DIR" "$tmp"/headers/*.deb; then
		echo "$PORT_MODULES $KVM_MODULES" >"$KERNEL_DIR/complete"
		rm -rf "$tmp"
		return 0
	fi
	rm -rf "$tmp"
	return 1
}

# --- ipitrace for another architecture --------------------------------------

# Libraries that ipitrace links, and what these need, as packages of the row's architecture.
CROSS_PACKAGES="libtracefs-dev libtracefs1 libtraceevent-dev libtraceevent1
	libzstd-dev libzstd1 zlib1g-dev zlib1g libxxhash-dev libxxhash0 libkmod-dev libkmod2 liblzma5 libssl3
	libdw-dev libdw1 libelf-dev libelf1 libbz2-1.0 liblzma-dev libncurses-dev libncursesw6 libtinfo6
	libprotobuf-c-dev libprotobuf-c1"
# Where other than the machine's release has the architecture: names since Debian 13, and the C library that these want.
CROSS_PACKAGES_trixie=${CROSS_PACKAGES//libelf1/libelf1t64}
CROSS_PACKAGES_trixie="${CROSS_PACKAGES_trixie//libssl3/libssl3t64} libc6"
CROSS_PACKAGES_trixie=${CROSS_PACKAGES_trixie//libdw1/libdw1t64}

lab_fetch_sysroot() {
	local package names=() tmp=$CACHE/tmp.$$ deb packages=$CROSS_PACKAGES
	[ "$ROW_LIBS" = bookworm ] || packages=$CROSS_PACKAGES_trixie
	SYSROOT=$CACHE/$ROW_ARCH-sysroot
	[ "$ROW_ARCH" != "$HOST_ARCH" ] || return 0
	# Of this list: a library that came to it since is fetched.
	[ "$(cat "$SYSROOT/complete" 2>/dev/null)" != "$packages" ] || return 0
	lab_apt_setup "$ROW_LIBS" || return 1
	for package in $packages; do
		names+=("$package:$ROW_ARCH")
	done
	rm -rf "$SYSROOT"
	mkdir -p "$tmp" "$SYSROOT"
	lab_download "$tmp" "${names[@]}" || { rm -rf "$tmp"; return 1; }
	for deb in "$tmp"/*.deb; do
		dpkg-deb -x "$deb" "$SYSROOT" || return 1
	done
	rm -rf "$tmp"
	echo "$packages" >"$SYSROOT/complete"
}

# build/vm/ROW/bin: ipitrace and the examples as the row runs them. This machine's own are built by make.
lab_cross_ipitrace() {
	local lib=$SYSROOT/usr/lib/$ROW_GNU
	[ "$ROW_ARCH" != "$HOST_ARCH" ] || return 0
	PKG_CONFIG_LIBDIR=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$SYSROOT \
		make -C "$ROOT" --no-print-directory B="$OUT_DIR/bin" CC="$ROW_GNU-gcc" \
		LDFLAGS="-L$lib -L$SYSROOT/lib/$ROW_GNU -Wl,-rpath-link,$lib:$SYSROOT/lib/$ROW_GNU -Wl,--allow-shlib-undefined" build >"$OUT_DIR/ipitrace.log" 2>&1 ||
		{ tail -n 20 "$OUT_DIR/ipitrace.log" >&2; lab_err "ipitrace does not build for $ROW_ARCH"; return 1; }
}

# --- module and guest programs ----------------------------------------------

lab_module() {
	local log=$OUT_DIR/module.log cross=()
	mkdir -p "$OUT_DIR"
	[ "$ROW_ARCH" = "$HOST_ARCH" ] || cross=(ARCH="$ROW_KARCH" CROSS_COMPILE="$ROW_GNU-")
	PATH=$KERNEL_DIR/toolchain/usr/bin:$PATH \
		make -C "$ROOT/module" KDIR="$KERNEL_DIR/kdir" BUILD="$OUT_DIR" "${cross[@]}" CC="$ROW_GNU-gcc" W=1 \
		${LAB_SPARSE:+C=1} >"$log" 2>&1 ||
		{ tail -n 20 "$log" >&2; lab_err "the module does not build for $(cat "$KERNEL_DIR/release")"; return 1; }
	MODULE=$OUT_DIR/module/ipitrace_bench.ko
}

lab_guest_programs() {
	local cc=gcc src out
	[ "$ROW_ARCH" = "$HOST_ARCH" ] || cc=$ROW_GNU-gcc
	command -v "$cc" >/dev/null || { lab_err "no $cc"; return 1; }
	mkdir -p "$OUT_DIR/guest"
	for src in "$LAB"/guest/*.c; do
		out=$OUT_DIR/guest/$(basename "$src" .c)
		[ "$out" -nt "$src" ] && [ "$out" -nt "$LAB/guest/guest.h" ] &&
			[ "$out" -nt "$ROOT/include/ipitrace_bench.h" ] && continue
		$cc -std=gnu11 -O2 -g -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
			-static -I"$ROOT/include" -o "$out" "$src" -lpthread ||
			{ lab_err "cannot build $src for $ROW_ARCH"; return 1; }
	done
	lab_culprits "$cc" && lab_live "$cc" family family && lab_vmm "$cc"
}

# A virtual machine that knows which IPIs it sent, for rows that host some.
lab_vmm() {
	local src=$LAB/guest/vmm
	[ "$ROW_KVM" = kvm ] || return 0
	"$1" -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -static \
		-o "$OUT_DIR/guest/vmm" "$src/vmm.c" "$src/$ROW_ARCH.c" "$src/$ROW_ARCH.S" -lpthread ||
		lab_err "cannot build the VMM for $ROW_ARCH"
}

# lab_live CC NAME SOURCE FLAGS...: a program of the tests of live machines.
lab_live() {
	local cc=$1 out=$OUT_DIR/guest/$2 src=$ROOT/tests/live/$3.c
	shift 3
	[ "$out" -nt "$src" ] && [ "$out" -nt "${src%/*}/spinner.h" ] && return
	$cc -O2 -D_GNU_SOURCE "$@" -o "$out" "$src" -lpthread || { lab_err "cannot build $src for $ROW_ARCH"; return 1; }
}

# Who user stacks are to name: with system calls by the C library, and by itself, without and with frame pointers.
lab_culprits() {
	local cc=$1 name leaf=-mno-omit-leaf-frame-pointer
	# Others sample no user stacks: record --user-stack refuses there.
	[[ $ROW_ARCH == @(amd64|arm64) ]] || leaf=
	for name in omit frame direct; do
		local flags=(-fomit-frame-pointer)
		[ $name = frame ] && flags=(-fno-omit-frame-pointer ${leaf:+"$leaf"})
		[ $name = omit ] || flags+=(-DDIRECT)
		lab_live "$cc" $name culprit "${flags[@]}" || return
	done
}

# --- initramfs --------------------------------------------------------------

# Where a library of the row's architecture is, "" if nowhere.
lab_library() {
	local dir
	for dir in "$SYSROOT/usr/lib/$ROW_GNU" "$SYSROOT/lib/$ROW_GNU" "/usr/$ROW_GNU/lib" \
		"/lib/$ROW_GNU" "/usr/lib/$ROW_GNU"; do
		[ -e "$dir/$1" ] && { echo "$dir/$1"; return; }
	done
}

# The libraries $3... into the tree $1, which $2 needs, and what these need.
lab_add_libraries() {
	local tree=$1 for=$2 lib file
	shift 2
	for lib; do
		[ ! -e "$tree/usr/lib/$ROW_GNU/$lib" ] || continue
		file=$(lab_library "$lib")
		[ -n "$file" ] || { lab_err "no $lib for $ROW_ARCH, which $for needs"; return 1; }
		cp -L "$file" "$tree/usr/lib/$ROW_GNU/$lib"
		# shellcheck disable=SC2046 # several
		lab_add_libraries "$tree" "$file" $(lab_needed "$file") || return 1
	done
}

lab_needed() {
	"$ROW_GNU-readelf" -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# A program with its libraries and its loader.
lab_add_dynamic() {
	local tree=$1 prog=$2 dest=$3 loader
	mkdir -p "$tree/${dest%/*}" "$tree/usr/lib/$ROW_GNU"
	cp "$prog" "$tree/$dest"
	# shellcheck disable=SC2046 # several
	lab_add_libraries "$tree" "$prog" $(lab_needed "$prog") || return 1
	loader=$("$ROW_GNU-readelf" -p .interp "$prog" 2>/dev/null | grep -o '/[^ ]*' | head -n 1)
	[ -n "$loader" ] && [ ! -e "$tree$loader" ] || return 0
	mkdir -p "$tree${loader%/*}"
	cp -L "$(lab_library "${loader##*/}")" "$tree$loader"
}

# lab_initramfs: $OUT_DIR/initramfs.gz with everything that is built.
lab_initramfs() {
	local tree=$OUT_DIR/tree prog programs kvm=
	[ "$ROW_KVM" != kvm ] || kvm=y
	rm -rf "$tree"
	mkdir -p "$tree"/{bin,dev,proc,sys,tmp,root,etc,lab/tests,lab/drivers,usr/bin,usr/lib}
	ln -s usr/lib "$tree/lib"
	cp "$OUT_DIR/guest/init" "$tree/init"
	cp "$KERNEL_DIR/busybox" "$tree/bin/busybox"
	ln -s busybox "$tree/bin/sh"
	for prog in $PORT_MODULES ${kvm:+$KVM_MODULES}; do
		cp "$KERNEL_DIR/drivers/$prog.ko" "$tree/lab/drivers/" 2>/dev/null
	done
	cp "$MODULE" "$tree/lab/"
	for prog in "$OUT_DIR"/guest/test_*; do
		[ -x "$prog" ] && cp "$prog" "$tree/lab/tests/"
	done
	cp "$OUT_DIR/guest/provoke" "$tree/usr/bin/"
	for prog in omit frame direct family; do
		lab_add_dynamic "$tree" "$OUT_DIR/guest/$prog" "usr/bin/$prog" || return 1
	done
	for prog in "$LAB"/guest/tests/* ${kvm:+"$LAB"/guest/kvm/*}; do
		[ -x "$prog" ] && cp "$prog" "$tree/lab/tests/"
	done
	[ -z "$kvm" ] || cp "$OUT_DIR/guest/vmm" "$tree/usr/bin/"
	[ -e "$LAB/guest/lib.sh" ] && cp "$LAB/guest/lib.sh" "$tree/lab/"
	programs=$BUILD
	[ "$ROW_ARCH" = "$HOST_ARCH" ] || programs=$OUT_DIR/bin
	for prog in "$programs/ipitrace" "$programs"/examples/*; do
		[[ -f $prog && -x $prog ]] || continue
		case $prog in
		*/examples/*) lab_add_dynamic "$tree" "$prog" "usr/bin/$(basename "$prog")" ;;
		# Of what it loads itself: what loads the module.
		*) lab_add_dynamic "$tree" "$prog" usr/bin/ipitrace && lab_add_libraries "$tree" "$prog" libkmod.so.2 ;;
		esac || return 1
	done
	{
		echo "ROW=$ROW"
		echo "ROW_ARCH=$ROW_ARCH"
		echo "ROW_RELEASE=$(cat "$KERNEL_DIR/release")"
		echo "ROW_CPUS=$ROW_CPUS"
		echo "ROW_NODES=$ROW_NODES"
		echo "ROW_KVM=$ROW_KVM"
		echo "ROW_TIER=$ROW_TIER"
		# The tick preempts. What PREEMPT_RT's patches called so up to 6.6 (HAVE_PREEMPT_LAZY) sends at once.
		echo "ROW_LAZY=$(grep -q '^CONFIG_ARCH_HAS_PREEMPT_LAZY=y' "$KERNEL_DIR/config" &&
			sed -n 's/^CONFIG_PREEMPT_LAZY=//p' "$KERNEL_DIR/config")"
	} >"$tree/lab/row"
	[ -z "${IPITRACE_VM_EXTRA:-}" ] || cp -a "$IPITRACE_VM_EXTRA/." "$tree/" || return 1
	strip --strip-debug "$tree/lab/ipitrace_bench.ko" 2>/dev/null
	"$ROW_GNU-strip" --strip-debug "$tree/lab/ipitrace_bench.ko" 2>/dev/null
	(cd "$tree" && find . -print0 | cpio --quiet --null -o -H newc -R 0:0 | gzip -1) >"$OUT_DIR/initramfs.gz" ||
		{ lab_err "cannot pack the initramfs"; return 1; }
}

# --- QEMU -------------------------------------------------------------------

# kHz of this machine's time stamp counter, by which emulated amd64 guests count.
lab_tsc_khz() {
	local prog=$BUILD/vm/tsc_khz
	[ "$HOST_ARCH" = amd64 ] && [ -z "${IPITRACE_VM_ACCEL:-}" ] || return 1
	gcc -O2 -Wall -Wextra -o "$prog.$$" "$LAB/tsc_khz.c" && mv "$prog.$$" "$prog" && "$prog"
}

# Fills the array QEMU. The guest's memory is split evenly over its nodes.
lab_qemu() {
	local per_node=$((1024 / ROW_NODES)) per_cpu=$((ROW_CPUS / ROW_NODES)) i
	local console machine khz threads=multi
	local cpu=max bus=pci
	case $ROW_ARCH in
	amd64) machine=q35 console=ttyS0 ;;
	arm64) machine=virt,gic-version=3 console=ttyAMA0 ;;
	armhf) machine=virt,highmem=off console=ttyAMA0 cpu=cortex-a15 ;;
	riscv64) machine=virt console=ttyS0 cpu=rv64 ;;
	s390x) machine=s390-ccw-virtio console=ttysclp0 bus=ccw ;;
	ppc64el) machine=pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off console=hvc0 cpu=power10 ;;
	esac
	# Virtual machines of the guest's own: by SVM, whose emulation knows no page tables of five levels, and by EL2.
	case $ROW_ARCH-$ROW_KVM in
	amd64-kvm) cpu=max,-la57 ;;
	arm64-kvm) machine+=,virtualization=on ;;
	esac
	QEMU=("$ROW_QEMU")
	command -v "${QEMU[0]}" >/dev/null || { lab_err "no ${QEMU[0]}"; return 1; }
	QEMU+=(-machine "$machine" -cpu "$cpu" -m 1024 -nodefaults -no-user-config -display none -no-reboot)
	# TCG on purpose, also where KVM is at hand: the same on every machine. Many
	# CPUs take turns on one thread: spinning ones would starve each other else.
	# So do x86's, however few: with a thread each, a CPU now and then still runs
	# the int3 of a text patch that all others have finished, and the guest dies
	# of "Oops: int3" (the kernel enables tracepoints by such patches).
	[ "$ROW_CPUS" -le 16 ] && [ "$ROW_ARCH" != amd64 ] || threads=single
	QEMU+=(-accel "${IPITRACE_VM_ACCEL:-tcg,thread=$threads}")
	QEMU+=(-smp "$ROW_CPUS,sockets=$ROW_NODES,cores=$per_cpu,threads=1")
	# s390x knows no nodes.
	for ((i = 0; i < ROW_NODES && ROW_NODES > 1; i++)); do
		QEMU+=(-object "memory-backend-ram,id=m$i,size=${per_node}M")
		QEMU+=(-numa "node,nodeid=$i,cpus=$((i * per_cpu))-$(((i + 1) * per_cpu - 1)),memdev=m$i")
	done
	QEMU+=(-kernel "$KERNEL_DIR/vmlinuz" -initrd "$OUT_DIR/initramfs.gz")
	QEMU+=(-device "virtio-serial-$bus" -chardev "file,id=results,path=$OUT_DIR/results"
		-device "virtserialport,chardev=results,name=ipitrace.results"
		-chardev "file,id=files,path=$OUT_DIR/files.tar"
		-device "virtserialport,chardev=files,name=ipitrace.files")
	APPEND="console=$console panic=-1 panic_on_warn=1 oops=panic softlockup_panic=1 hung_task_panic=1"
	APPEND+=" sysctl.kernel.panic_on_rcu_stall=1 mitigations=off audit=0 ${IPITRACE_VM_APPEND:-}"
	# Their clocks run while a loaded machine gives the guest no time: what hangs hangs longer (and lab_watch() ends it).
	APPEND+=" rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60 sysctl.kernel.hung_task_timeout_secs=600"
	# A loaded machine may give the guest no time while it calibrates its clock.
	if [ "$ROW_ARCH" = amd64 ] && khz=$(lab_tsc_khz); then APPEND+=" tsc_early_khz=$khz"; fi
	# Nor is a loaded machine a reason to leave the counter that virtual machines count by.
	[ "$ROW_ARCH-$ROW_KVM" != amd64-kvm ] || APPEND+=" tsc=reliable"
	# Calibrating the delay loop of each of many CPUs takes minutes, and fails.
	[ "$ROW_CPUS" -le 16 ] || APPEND+=" lpj=4000000 tsc=reliable"
}

# A guest that gets on writes: bytes of its kernel log, results and files.
lab_written() { stat -c %s "$OUT_DIR/console" "$OUT_DIR/results" "$OUT_DIR/files.tar" 2>/dev/null | paste -sd' '; }

# Seconds of CPU time that a process has used.
lab_cpu_time() {
	local stat
	read -r stat <"/proc/$1/stat" || return 1
	# shellcheck disable=SC2086 # fields, from behind the name
	set -- ${stat##*)}
	echo $(((${12} + ${13}) / $(getconf CLK_TCK)))
}

# Milliseconds that its threads ran or waited for a CPU; only who runs, where the kernel does not tell who waits.
lab_wish() {
	local task ran waited rest sum=0
	for task in /proc/"$1"/task/*/schedstat; do
		read -r ran waited rest <"$task" || continue
		sum=$((sum + ran + waited))
	done 2>/dev/null
	echo $((sum / 1000000))
}

# Wait for the guest, process $1, and end it when it is stuck: a loaded machine is
# slow, no more. Stuck is who writes nothing while it uses STALL_CPU seconds of CPU
# time, however long these take, or (one that waits for something) while there are
# STALL_IDLE seconds in which it hardly wants a CPU; that it has to wait for one is
# not its fault. $2: as many seconds, of CPU time or idle, are enough in any case.
STALL_CPU=${IPITRACE_VM_STALL:-240}
STALL_IDLE=900
lab_watch() {
	local pid=$1 limit=$2 written last='' cpu cpu0=0 wish wish0=0 idle=0 idle_all=0 since=$SECONDS t0=$SECONDS why=''
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		written=$(lab_written)
		cpu=$(lab_cpu_time "$pid" 2>/dev/null) || break
		wish=$(lab_wish "$pid")
		# An idle guest still has its clock's interrupts.
		[ $((wish - wish0)) -ge 100 ] || idle=$((idle + 1)) idle_all=$((idle_all + 1))
		wish0=$wish
		# shellcheck disable=SC2034 # the run that watches prints it
		LAB_CPU=$cpu
		if [ "$written" != "$last" ]; then
			last=$written since=$SECONDS cpu0=$cpu idle=0
		elif [ $((cpu - cpu0)) -ge "$STALL_CPU" ] || [ $idle -ge $STALL_IDLE ]; then
			why="nothing written for $((SECONDS - since)) s, $((cpu - cpu0)) s of CPU time, idle for $idle s"
		fi
		[ $((cpu + idle_all)) -lt "$limit" ] || why="not done after $cpu s of CPU time and $idle_all s idle"
		[ -z "$why" ] || break
	done
	[ -n "$why" ] || return 0
	kill "$pid"
	sleep 2
	kill -9 "$pid" 2>/dev/null
	echo "lab: guest killed after $((SECONDS - t0)) s: $why" >>"$OUT_DIR/console"
	return 1
}

# lab_boot SECONDS GUEST-TESTS...: results in $OUT_DIR/results, kernel log in $OUT_DIR/console.
lab_boot() {
	local limit=$1 pid
	shift
	lab_qemu || return 1
	: >"$OUT_DIR/results"
	: >"$OUT_DIR/files.tar"
	: >"$OUT_DIR/console"
	# init gets what follows "--" as its arguments.
	"${QEMU[@]}" -serial "file:$OUT_DIR/console" -append "$APPEND -- $*" </dev/null >"$OUT_DIR/qemu.log" 2>&1 &
	pid=$!
	# shellcheck disable=SC2064 # this guest
	trap "kill $pid 2>/dev/null" EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# QEMU takes the signal for a wish, and would report success.
	lab_watch $pid "$limit" || { wait $pid 2>/dev/null; return 124; }
	wait $pid 2>/dev/null
}

lab_shell() {
	lab_qemu || return 1
	: >"$OUT_DIR/results"
	echo "lab: booting $(cat "$KERNEL_DIR/release"); Ctrl-A X ends QEMU, 'exit' powers off" >&2
	"${QEMU[@]}" -serial mon:stdio -append "$APPEND quiet loglevel=4 -- --shell"
}

# Lines of the kernel log that no healthy run has.
lab_splats() {
	grep -aE 'WARNING:|BUG:|Oops|general protection|Call Trace:|Kernel panic|soft lockup|hard LOCKUP|rcu: INFO|INFO: task .* blocked|refcount_t:|use-after-free|guest killed after' "$OUT_DIR/console"
}
