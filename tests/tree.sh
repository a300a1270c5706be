# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Clean Debian systems to try things in: a tree by debootstrap, and any number of
# copies of it (overlays), which a test changes as it likes. Nothing is mounted
# outside the namespace of a command, so nothing is left but the directory.
#
#	. "$(dirname "$0")/../lib.sh"; . "$ROOT/tests/tree.sh"
#	need_tree
#	tree_new trixie			# the base of all copies
#	tree_copy NAME			# fresh; later commands run in it
#	tree_run CMD ARGS...		# as root
#	tree_user CMD ARGS...		# as an unprivileged user, in /src
#
# TREE_SYS=1: with the machine's /sys, hence its tracefs, and the lock of those who trace.
# TREE_OFFLINE=1: without network.

need_tree() {
	local reason=
	if [ "$(id -u)" -ne 0 ]; then reason="not root"
	elif ! command -v debootstrap >/dev/null; then reason="no debootstrap"
	elif ! TREE_ARCHIVE=$("$ROOT/tests/archive"); then reason="no Debian archive in apt's configuration"
	elif ! unshare --mount true 2>/dev/null; then reason="no mount namespaces"
	fi
	[ -z "$reason" ] || skip_all "$reason"
}

# Packages that were fetched once are not again: one user at a time. fd 8.
tree_cache() {
	TREE_DEBS=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ipitrace/debs/$1
	mkdir -p "$TREE_DEBS/partial" && exec 8>"$TREE_DEBS/.lock" && flock 8
}

tree_new() {
	tree_cache "$1"
	TREE_BASE=$TMP/$1
	mkdir -p "$TREE_BASE" || return 1
	debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		--cache-dir="$TREE_DEBS" "$1" "$TREE_BASE" "$TREE_ARCHIVE" || return 1
	chmod go+x "$TMP"
	# An archive may be a snapshot, older than its own lists.
	echo 'Acquire::Check-Valid-Until "false";' >"$TREE_BASE/etc/apt/apt.conf.d/80snapshot"
	# Every machine knows itself; that of a minimal Debian 12 does not, and programs that talk to themselves fail.
	[ -s "$TREE_BASE/etc/hosts" ] || echo '127.0.0.1 localhost' >"$TREE_BASE/etc/hosts"
	cp /etc/resolv.conf "$TREE_BASE/etc/" &&
		chroot "$TREE_BASE" useradd -m -s /bin/bash user &&
		tree_source "$TREE_BASE/src" && chroot "$TREE_BASE" chown -R user: /src
}

# The sources, as in a clone.
tree_source() { "$ROOT/packaging/source" "$1" >/dev/null; }

tree_copy() {
	TREE=$TMP/tree-$1
	mkdir -p "$TREE"/{upper,work,root}
}

# The file system of the present copy, for looks from outside after a command.
tree_look() { echo "$TREE/upper$1"; }

tree_run() {
	# shellcheck disable=SC2016 # expanded in the namespace
	TREE_BASE=$TREE_BASE TREE=$TREE TREE_DEBS=$TREE_DEBS unshare --mount ${TREE_OFFLINE:+--net} bash -c '
		cd / && mount -t overlay overlay -o "lowerdir=$TREE_BASE,upperdir=$TREE/upper,workdir=$TREE/work" "$TREE/root" &&
		mount -t proc proc "$TREE/root/proc" && mount --rbind /dev "$TREE/root/dev" &&
		mount --bind "$TREE_DEBS" "$TREE/root/var/cache/apt/archives" || exit 99
		[ -z "${TREE_SYS:-}" ] || { mkdir -p /run/lock "$TREE/root/run/lock" && mount --rbind /sys "$TREE/root/sys" &&
			mount --bind /run/lock "$TREE/root/run/lock"; } || exit 99
		exec chroot "$TREE/root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb \
			DEBIAN_FRONTEND=noninteractive "$@"' bash "$@" 8>&- 9>&-
}

tree_user() { tree_run env HOME=/home/user setpriv --reuid user --regid user --init-groups sh -c 'cd /src && exec "$@"' sh "$@"; }

tree_install() { tree_run apt-get -q -y install --no-install-recommends "$@"; }

# A list of what there is, without what only says that something was: logs, caches, apt's and dpkg's own notes.
tree_list() {
	tree_run find / -xdev \( -path /proc -o -path /dev -o -path /sys -o -path /tmp -o -path /src -o -path /home \
		-o -path /var/cache -o -path /var/log -o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune -o -printf '%y %m %p\n' | sort
}
