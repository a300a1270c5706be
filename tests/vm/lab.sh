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

# Sets ROW, ROW_ARCH, ROW_SERIES, ROW_SUITE, ROW_CPUS, ROW_NODES, ROW_TIER and what follows from them.
lab_row() {
	read -r ROW ROW_ARCH ROW_SERIES ROW_SUITE ROW_CPUS ROW_NODES ROW_TIER < \
		<(awk -v n="$1" '$1 == n' "$LAB/rows")
	[ -n "${ROW:-}" ] || { lab_err "no row '$1'; there are: $(lab_rows | tr '\n' ' ')"; return 1; }
	case $ROW_ARCH in
	amd64) ROW_GNU=x86_64-linux-gnu ;;
	arm64) ROW_GNU=aarch64-linux-gnu ;;
	*) lab_err "row $ROW: unknown architecture $ROW_ARCH"; return 1 ;;
	esac
	KERNEL_DIR=$CACHE/$ROW_ARCH-$ROW_SERIES
	OUT_DIR=$BUILD/vm/$ROW
}

lab_rows() { awk 'NF && $1 !~ /^#/ { print $1 }' "$LAB/rows"; }

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

# Private sources from the machine's own: same place, the suites that the rows name.
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
	for suite in $( (echo bookworm; echo "$ROW_SUITE") | sort -u); do
		echo "deb [arch=$arches$by] $uri $suite main"
	done >"$APT/sources.list"
	lab_apt apt-get -o APT::Update::Error-Mode=any update >"$APT/update.log" 2>&1 ||
		{ tail -n 3 "$APT/update.log" >&2; lab_err "cannot fetch package lists"; return 1; }
}

lab_has() { lab_apt apt-cache show "$1" 2>/dev/null | grep -q '^Filename:'; }

# Newest kernel release of the series that has image and headers: "6.12.95+deb12-amd64".
lab_pick_kernel() {
	local release
	for release in $(lab_apt apt-cache pkgnames linux-headers- |
		sed -n "s/^linux-headers-\(${ROW_SERIES//./\\.}\.[0-9][^-]*\(-[0-9]*\)*-$ROW_ARCH\)\$/\1/p" | sort -Vr); do
		lab_has "linux-image-$release:$ROW_ARCH" && { echo "$release"; return 0; }
	done
	lab_err "$ROW_SUITE has no $ROW_SERIES kernel for $ROW_ARCH with headers"
}

# Names of the header packages of $1 that the build needs, kbuild for this machine.
lab_header_packages() {
	lab_apt apt-cache show "linux-headers-$1:$ROW_ARCH" | sed -n 's/^Depends: //p' | head -n 1 |
		tr ',|' '\n' | awk -v host="$HOST_ARCH" '
			$1 ~ /^linux-headers-.*-common$/ { print $1 }
			$1 ~ /^linux-kbuild-/ { print $1 ":" host }'
	echo "linux-headers-$1:$ROW_ARCH"
}

lab_download() {
	(cd "$1" && shift && lab_apt apt-get download "$@") >"$APT/download.log" 2>&1 ||
		{ tail -n 3 "$APT/download.log" >&2; lab_err "cannot download: ${*:2}"; return 1; }
}

# Drivers that the results port needs where the kernel doesn't have them built in, in order.
PORT_MODULES="virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_console"

lab_unpack_image() {
	local dir=$1 deb=$2 module file
	mkdir -p "$dir/image" "$dir/drivers"
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir/image" --wildcards \
		'./boot/*' './*lib/modules/*/kernel/drivers/virtio/*' \
		'./*lib/modules/*/kernel/drivers/char/virtio_console.ko*' 2>/dev/null
	mv "$dir"/image/boot/vmlinu* "$dir/vmlinuz" || return 1
	mv "$dir"/image/boot/config-* "$dir/config" || return 1
	for module in $PORT_MODULES; do
		file=$(find "$dir/image" -name "$module.ko*" | head -n 1)
		case $file in
		*.ko) cp "$file" "$dir/drivers/" ;;
		*.ko.xz) xz -dc "$file" >"$dir/drivers/$module.ko" ;;
		*.ko.zst) zstd -qdc "$file" >"$dir/drivers/$module.ko" ;;
		esac
	done
	rm -rf "$dir/image"
}

# The headers' top Makefile names its common part by where it would be installed.
lab_unpack_headers() {
	local dir=$1 deb makefile
	shift
	for deb; do
		dpkg-deb -x "$deb" "$dir/headers" || return 1
	done
	makefile=$(find "$dir/headers/usr/src" -maxdepth 2 -path "*-$ROW_ARCH/Makefile")
	[ -n "$makefile" ] || { lab_err "headers without a Makefile"; return 1; }
	ln -sfn "${makefile%/Makefile}" "$dir/kdir"
	sed -i "s|^include /usr/|include \$(dir \$(lastword \$(MAKEFILE_LIST)))../../../usr/|" "$makefile"
}

# Kernel, headers and busybox of the row into the cache, unless they are there.
lab_fetch() {
	local release dir tmp
	[ "${1:-}" = --update ] || [ ! -e "$KERNEL_DIR/complete" ] || return 0
	lab_apt_setup || return 1
	release=$(lab_pick_kernel) || return 1
	if [ -e "$KERNEL_DIR/complete" ] && [ "$(cat "$KERNEL_DIR/release")" = "$release" ]; then
		return 0
	fi
	echo "lab: fetching $release and its headers" >&2
	tmp=$CACHE/tmp.$$
	dir=$tmp/new
	mkdir -p "$tmp/image" "$tmp/headers" "$tmp/busybox" "$dir"
	# shellcheck disable=SC2046 # several names
	if lab_download "$tmp/image" "linux-image-$release:$ROW_ARCH" &&
	   lab_download "$tmp/headers" $(lab_header_packages "$release") &&
	   lab_download "$tmp/busybox" "busybox-static:$ROW_ARCH" &&
	   lab_unpack_image "$dir" "$tmp"/image/*.deb &&
	   dpkg-deb --fsys-tarfile "$tmp"/busybox/*.deb | tar -x -C "$dir" --strip-components=2 ./bin/busybox &&
	   echo "$release" >"$dir/release" &&
	   rm -rf "$KERNEL_DIR" && mv "$dir" "$KERNEL_DIR" &&
	   lab_unpack_headers "$KERNEL_DIR" "$tmp"/headers/*.deb; then
		touch "$KERNEL_DIR/complete"
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
	libdw-dev libdw1 libelf-dev libelf1 libbz2-1.0 liblzma-dev"

lab_fetch_sysroot() {
	local package names=() tmp=$CACHE/tmp.$$ deb
	SYSROOT=$CACHE/$ROW_ARCH-sysroot
	[ "$ROW_ARCH" != "$HOST_ARCH" ] || return 0
	# Of this list: a library that came to it since is fetched.
	[ "$(cat "$SYSROOT/complete" 2>/dev/null)" != "$CROSS_PACKAGES" ] || return 0
	lab_apt_setup || return 1
	for package in $CROSS_PACKAGES; do
		names+=("$package:$ROW_ARCH")
	done
	rm -rf "$SYSROOT"
	mkdir -p "$tmp" "$SYSROOT"
	lab_download "$tmp" "${names[@]}" || { rm -rf "$tmp"; return 1; }
	for deb in "$tmp"/*.deb; do
		dpkg-deb -x "$deb" "$SYSROOT" || return 1
	done
	rm -rf "$tmp"
	echo "$CROSS_PACKAGES" >"$SYSROOT/complete"
}

# build/vm/ROW/bin: ipitrace and the examples as the row runs them. This machine's own are built by make.
lab_cross_ipitrace() {
	local lib=$SYSROOT/usr/lib/$ROW_GNU
	[ "$ROW_ARCH" != "$HOST_ARCH" ] || return 0
	PKG_CONFIG_LIBDIR=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$SYSROOT \
		make -C "$ROOT" --no-print-directory B="$OUT_DIR/bin" CC="$ROW_GNU-gcc" \
		LDFLAGS="-Wl,-rpath-link,$lib:$SYSROOT/lib/$ROW_GNU" build >"$OUT_DIR/ipitrace.log" 2>&1 ||
		{ tail -n 20 "$OUT_DIR/ipitrace.log" >&2; lab_err "ipitrace does not build for $ROW_ARCH"; return 1; }
}

# --- module and guest programs ----------------------------------------------

lab_module() {
	local log=$OUT_DIR/module.log cross=()
	mkdir -p "$OUT_DIR"
	[ "$ROW_ARCH" = "$HOST_ARCH" ] || cross=(ARCH="$ROW_ARCH" CROSS_COMPILE="$ROW_GNU-")
	make -C "$ROOT/module" KDIR="$KERNEL_DIR/kdir" BUILD="$OUT_DIR" "${cross[@]}" W=1 \
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
	lab_culprits "$cc"
}

# Who user stacks are to name: with system calls by the C library, and by itself, without and with frame pointers.
lab_culprits() {
	local cc=$1 src=$ROOT/tests/live/culprit.c name
	for name in omit frame direct; do
		local flags=(-fomit-frame-pointer)
		[ $name = frame ] && flags=(-fno-omit-frame-pointer -mno-omit-leaf-frame-pointer)
		[ $name = omit ] || flags+=(-DDIRECT)
		[ "$OUT_DIR/guest/$name" -nt "$src" ] && continue
		$cc -O2 -D_GNU_SOURCE "${flags[@]}" -o "$OUT_DIR/guest/$name" "$src" -lpthread ||
			{ lab_err "cannot build $src for $ROW_ARCH"; return 1; }
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

# Libraries that $2 needs into the tree $1, and what these need.
lab_add_libraries() {
	local tree=$1 lib file
	for lib in $("$ROW_GNU-readelf" -d "$2" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		[ ! -e "$tree/usr/lib/$ROW_GNU/$lib" ] || continue
		file=$(lab_library "$lib")
		[ -n "$file" ] || { lab_err "no $lib for $ROW_ARCH, which $2 needs"; return 1; }
		cp -L "$file" "$tree/usr/lib/$ROW_GNU/$lib"
		lab_add_libraries "$tree" "$file" || return 1
	done
}

# A program with its libraries and its loader.
lab_add_dynamic() {
	local tree=$1 prog=$2 dest=$3 loader
	mkdir -p "$tree/${dest%/*}" "$tree/usr/lib/$ROW_GNU"
	cp "$prog" "$tree/$dest"
	lab_add_libraries "$tree" "$prog" || return 1
	loader=$("$ROW_GNU-readelf" -p .interp "$prog" 2>/dev/null | grep -o '/[^ ]*' | head -n 1)
	[ -n "$loader" ] && [ ! -e "$tree$loader" ] || return 0
	mkdir -p "$tree${loader%/*}"
	cp -L "$(lab_library "${loader##*/}")" "$tree$loader"
}

# lab_initramfs: $OUT_DIR/initramfs.gz with everything that is built.
lab_initramfs() {
	local tree=$OUT_DIR/tree prog programs
	rm -rf "$tree"
	mkdir -p "$tree"/{bin,dev,proc,sys,tmp,root,etc,lab/tests,lab/drivers,usr/bin,usr/lib}
	ln -s usr/lib "$tree/lib"
	cp "$OUT_DIR/guest/init" "$tree/init"
	cp "$KERNEL_DIR/busybox" "$tree/bin/busybox"
	ln -s busybox "$tree/bin/sh"
	cp "$KERNEL_DIR"/drivers/*.ko "$tree/lab/drivers/" 2>/dev/null
	cp "$MODULE" "$tree/lab/"
	for prog in "$OUT_DIR"/guest/test_*; do
		[ -x "$prog" ] && cp "$prog" "$tree/lab/tests/"
	done
	cp "$OUT_DIR/guest/provoke" "$tree/usr/bin/"
	for prog in omit frame direct; do
		lab_add_dynamic "$tree" "$OUT_DIR/guest/$prog" "usr/bin/$prog" || return 1
	done
	for prog in "$LAB"/guest/tests/*; do
		[ -x "$prog" ] && cp "$prog" "$tree/lab/tests/"
	done
	[ -e "$LAB/guest/lib.sh" ] && cp "$LAB/guest/lib.sh" "$tree/lab/"
	programs=$BUILD
	[ "$ROW_ARCH" = "$HOST_ARCH" ] || programs=$OUT_DIR/bin
	for prog in "$programs/ipitrace" "$programs"/examples/*; do
		[[ -f $prog && -x $prog ]] || continue
		case $prog in
		*/examples/*) lab_add_dynamic "$tree" "$prog" "usr/bin/$(basename "$prog")" ;;
		*) lab_add_dynamic "$tree" "$prog" usr/bin/ipitrace ;;
		esac || return 1
	done
	{
		echo "ROW=$ROW"
		echo "ROW_ARCH=$ROW_ARCH"
		echo "ROW_SERIES=$ROW_SERIES"
		echo "ROW_CPUS=$ROW_CPUS"
		echo "ROW_NODES=$ROW_NODES"
		echo "ROW_TIER=$ROW_TIER"
	} >"$tree/lab/row"
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
	case $ROW_ARCH in
	amd64)
		QEMU=(qemu-system-x86_64)
		machine=q35 console=ttyS0
		;;
	arm64)
		QEMU=(qemu-system-aarch64)
		machine=virt,gic-version=3 console=ttyAMA0
		;;
	esac
	command -v "${QEMU[0]}" >/dev/null || { lab_err "no ${QEMU[0]}"; return 1; }
	QEMU+=(-machine "$machine" -cpu max -m 1024 -nodefaults -no-user-config -display none -no-reboot)
	# TCG on purpose, also where KVM is at hand: the same on every machine. Many
	# CPUs take turns on one thread: spinning ones would starve each other else.
	# So do x86's, however few: with a thread each, a CPU now and then still runs
	# the int3 of a text patch that all others have finished, and the guest dies
	# of "Oops: int3" (the kernel enables tracepoints by such patches).
	[ "$ROW_CPUS" -le 16 ] && [ "$ROW_ARCH" != amd64 ] || threads=single
	QEMU+=(-accel "${IPITRACE_VM_ACCEL:-tcg,thread=$threads}")
	QEMU+=(-smp "$ROW_CPUS,sockets=$ROW_NODES,cores=$per_cpu,threads=1")
	for ((i = 0; i < ROW_NODES; i++)); do
		QEMU+=(-object "memory-backend-ram,id=m$i,size=${per_node}M")
		QEMU+=(-numa "node,nodeid=$i,cpus=$((i * per_cpu))-$(((i + 1) * per_cpu - 1)),memdev=m$i")
	done
	QEMU+=(-kernel "$KERNEL_DIR/vmlinuz" -initrd "$OUT_DIR/initramfs.gz")
	QEMU+=(-device virtio-serial-pci -chardev "file,id=results,path=$OUT_DIR/results"
		-device "virtserialport,chardev=results,name=ipitrace.results"
		-chardev "file,id=files,path=$OUT_DIR/files.tar"
		-device "virtserialport,chardev=files,name=ipitrace.files")
	APPEND="console=$console panic=-1 panic_on_warn=1 oops=panic softlockup_panic=1 hung_task_panic=1"
	APPEND+=" sysctl.kernel.panic_on_rcu_stall=1 mitigations=off audit=0 ${IPITRACE_VM_APPEND:-}"
	# A loaded machine may give the guest no time while it calibrates its clock.
	if [ "$ROW_ARCH" = amd64 ] && khz=$(lab_tsc_khz); then APPEND+=" tsc_early_khz=$khz"; fi
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

# Wait for the guest, process $1, and end it when it is stuck: a loaded machine is
# slow, no more. Stuck is who writes nothing while it uses STALL_CPU seconds of CPU
# time, however long these take, or (one that waits for something) for STALL_IDLE
# seconds. $2: seconds after which it ends in any case.
STALL_CPU=${IPITRACE_VM_STALL:-240}
STALL_IDLE=900
lab_watch() {
	local pid=$1 limit=$2 written last='' cpu cpu0=0 since=$SECONDS t0=$SECONDS why=''
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		written=$(lab_written)
		cpu=$(lab_cpu_time "$pid" 2>/dev/null) || break
		# shellcheck disable=SC2034 # the run that watches prints it
		LAB_CPU=$cpu
		if [ "$written" != "$last" ]; then
			last=$written since=$SECONDS cpu0=$cpu
		elif [ $((cpu - cpu0)) -ge "$STALL_CPU" ] || [ $((SECONDS - since)) -ge $STALL_IDLE ]; then
			why="nothing written for $((SECONDS - since)) s, $((cpu - cpu0)) s of CPU time"
		fi
		[ $((SECONDS - t0)) -lt "$limit" ] || why="not done after $limit s"
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
