#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# alone
#
# The unit of metrics under a systemd that is PID 1, of a namespace of its own without other units: it starts, answers,
# ends as it is told to, and what the unit takes away hinders nothing.
. "$(dirname "$0")/../lib.sh"
need_live 1
systemd=/lib/systemd/systemd
[ -x $systemd ] || skip_all "no systemd here"
unshare -mpfiuC true 2>/dev/null || skip_all "no namespaces here"
command -v curl >/dev/null || skip_all "no curl here"
live_lock
"$ROOT/tests/live/tracefs-snapshot" >"$TMP/before"

mkdir -p "$TMP/units/multi-user.target.wants" "$TMP/bin"
cp "$IPITRACE" "$TMP/bin/ipitrace"
# Where the build left it is not on systemd's path.
sed "s,=ipitrace stat --listen localhost,=/run/ipitrace-bin/ipitrace stat --listen localhost:19947," \
	"$ROOT/packaging/ipitrace-stat.service" >"$TMP/units/ipitrace-stat.service"
for target in basic sysinit network multi-user shutdown umount final exit; do
	printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' $target >"$TMP/units/$target.target"
done
ln -s ../ipitrace-stat.service "$TMP/units/multi-user.target.wants/"
cat >"$TMP/boot" <<-SH
	mount --make-rprivate /
	mount --bind "$TMP/units" /usr/lib/systemd/system
	mount -t tmpfs tmpfs /etc/systemd
	mount -t tmpfs tmpfs /run && mkdir -p /run/ipitrace-bin
	cp "$TMP/bin/ipitrace" /run/ipitrace-bin/
	exec env -i container=other PATH=/usr/bin:/bin $systemd --system --unit=multi-user.target --log-target=console
SH
unshare -mpfiuC --mount-proc sh "$TMP/boot" >"$TMP/console" 2>&1 </dev/null &
outer=$!
at_exit "kill -9 \$(pgrep -P $outer) $outer 2>/dev/null"
got=
for ((i = 0; i < 200; i++)); do
	curl -s -o "$TMP/metrics" http://localhost:19947/metrics && { got=1; break; }
	sleep 0.1
done
[ "$got" ] || note "$(tail -n 30 "$TMP/console")"
ok "it started, and answers" test "$got"
init=$(pgrep -P $outer | head -n 1)
is "$(cat "/proc/$init/comm" 2>/dev/null)" systemd "  under a systemd"
is "$(awk '/^NSpid:/ { print $NF }' "/proc/$init/status" 2>/dev/null)" 1 "  which is PID 1"
service=$(pgrep -P "$init" -x ipitrace)
is "$(awk '/^NoNewPrivs:/ { print $2 }' "/proc/$service/status" 2>/dev/null)" 1 "  with less rights than root's"
like "$(cat "$TMP/metrics")" '^ipitrace_sends_total' "  metrics are there"
# As "systemctl exit" would.
kill -s RTMIN+13 "$init" 2>/dev/null
for ((i = 0; i < 100; i++)); do
	[ -e "/proc/$service" ] || break
	sleep 0.1
done
ok "it ended when it was told to" test ! -e "/proc/$service"
kill -9 "$init" 2>/dev/null
wait $outer 2>/dev/null
"$ROOT/tests/live/tracefs-snapshot" >"$TMP/after"
ok "tracefs as before" diff "$TMP/before" "$TMP/after"
done_testing
