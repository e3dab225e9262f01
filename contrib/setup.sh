# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors
#
# shellcheck shell=bash disable=SC2034
# For contrib/demo and contrib/run-tests, which source it: the packages that are
# missing are installed, a copy of this source tree is built, and what it
# installs is staged in a temporary directory.
#
# Nothing but the packages is left behind, whether all went well, a step failed,
# or ^C, TERM or HUP came. So each step runs in a session of its own, which ^C
# at the terminal doesn't reach: what is to end gets the signal from here, and
# apt-get gets it alone, for dpkg must not be stopped halfway. What runs in the
# namespace ends with it, whatever it is, and finds a /tmp of its own there.

set -euo pipefail

case ${1-} in
-h | --help)
	# what stands at the top of the script
	sed '1,/^#$/d; /^#/!Q; s/^# \?//' "$0"
	exit
	;;
esac
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# where Dovecot is
MBA_PREFIX=$(realpath -m "${MBA_PREFIX:-/usr}")
export MBA_PREFIX
# not the one of another installation that may stand first in PATH
python=/usr/bin/python3

BUILD_PACKAGES="gcc make libc6-dev autoconf automake libtool pkg-config
	libjansson-dev check dovecot-dev dovecot-imapd dovecot-lmtpd python3"
TEST_PACKAGES="python3-pytest python3-pytest-xdist python3-jsonschema
	git strace zstd valgrind util-linux procps e2fsprogs
	g++ man-db mandoc prometheus curl isync neomutt faketime
	dovecot-pop3d dovecot-sieve libfuse3-dev fuse3"

fail()
{
	echo "$0: $*" >&2
	exit 1
}

# The signal that came, the step that it is for ("soon" while it begins), and
# whether that is apt-get.
signal=
child=
is_apt=
# what a step gets for it: INT is for those that have something to say then
ends_by=TERM

on_signal()
{
	local again=$signal

	signal=$1
	case $child in
	"") step_ended ;;
	soon) ;;
	*) end_step "$again" ;;
	esac
}

end_step()
{
	local again=$1 children=

	if [ "$is_apt" != "" ]; then
		echo "$0: waiting for apt-get: dpkg can't be stopped" \
			"halfway" >&2
		kill -s INT "$child" || :
	elif [ "$again" = "" ]; then
		# it may not be a group yet, or have ended already
		until kill -s "$ends_by" -- "-$child" 2>/dev/null ||
				! kill -0 "$child" 2>/dev/null; do
			sleep 0.01
		done
	else
		# who asks again means it; nothing is to interrupt the reading:
		# unshare has to see the end of the namespace's first process
		trap '' INT TERM HUP
		read -r children < "/proc/$child/task/$child/children" || :
		# shellcheck disable=SC2086 # a list of words
		kill -s KILL ${children:-"$child"} || :
	fi
}

# The step is the last command that was started in the background.
step_begun()
{
	child=$!
	[ "$signal" = "" ] || end_step ""
}

# End if a signal came while a step ran.
step_ended()
{
	child=
	[ "$signal" = "" ] || {
		# not only when the shell ends: another signal may come before
		cleanup
		exit $((128 + $(kill -l "$signal")))
	}
}

# Run a step, with its output. Returns its status.
loudly()
{
	local status

	child=soon
	# background commands would ignore INT and find nothing to read
	env --default-signal setsid "$@" <&0 &
	step_begun
	while :; do
		status=0
		# a signal ends the waiting, not the step
		wait "$child" || status=$?
		kill -0 "$child" 2>/dev/null || break
	done
	step_ended
	return $status
}

# Show a line of a step's output: on a terminal each in the place of the one
# before, elsewhere one after so many seconds.
life_wait=15
show_life()
{
	local line="  ${1//[^[:print:]]/ }"

	if [ -t 1 ]; then
		printf '\r\033[K%.78s' "$line"
	elif [ $SECONDS -ge "$life_next" ]; then
		printf '%.78s\n' "$line"
		life_next=$((SECONDS + life_wait))
	fi
}

# Run a step whose output goes to $work/log. Returns its status.
logged()
{
	local line status=0 output
	local life_next=$((SECONDS + life_wait))

	child=soon
	exec {output}< <(exec env --default-signal setsid "$@" < /dev/null 2>&1)
	step_begun
	while IFS= read -r line <&"$output"; do
		printf '%s\n' "$line" >> "$work/log"
		show_life "$line"
	done
	exec {output}<&-
	wait "$child" || status=$?
	[ ! -t 1 ] || printf '\r\033[K'
	step_ended
	return $status
}

# The same, and its output is shown if it fails.
quietly()
{
	: > "$work/log"
	logged "$@" || {
		tail -n 50 "$work/log" >&2
		fail "$* failed"
	}
}

is_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = \
		installed ]
}

# Print what is started at the next boot.
list_enabled()
{
	local link

	for link in /etc/systemd/system/*.* /etc/systemd/system/*/* \
			/etc/rc[2-5S].d/S*; do
		[ ! -h "$link" ] || echo "$link"
	done
}

# Packages enable their services for the next boot, even where they may not be
# started: not those that we brought.
disable_services()
{
	local link new

	new=$(list_enabled | grep -Fvx -f "$work/enabled") || return 0
	for link in $new; do
		case $link in
		/etc/rc*) update-rc.d "${link##*/S[0-9][0-9]}" disable || : ;;
		*/*.wants/*)
			rm -f "$link"
			rmdir "${link%/*}" || :
			;;
		*) rm -f "$link" ;;
		esac
	done > "$work/log" 2>&1
	[ ! -d /run/systemd/system ] || systemctl daemon-reload || :
	printf '%s\n' "$new" |
		sed 's,.*/\(S[0-9][0-9]\)\?,  not started at the next boot: ,
		     s,\.service$,,' | sort -u
}

# No service of a package is started while policy-rc.d says so. If we are killed
# it removes itself.
forbid_services()
{
	list_enabled > "$work/enabled"
	[ ! -e /usr/sbin/policy-rc.d ] || return 0
	policy=/usr/sbin/policy-rc.d
	cat > "$policy" <<-EOF
		#!/bin/sh
		# made by $0, for as long as it installs packages
		kill -0 $$ 2>/dev/null && exit 101
		rm -f $policy
		exit 0
	EOF
	chmod 755 "$policy"
}

allow_services()
{
	[ "$policy" = "" ] || rm -f "$policy"
	policy=
	[ ! -e "$work/enabled" ] || disable_services
	rm -f "$work/enabled"
}

# Say in one line why packages can't be had, and end.
fail_install()
{
	local reason

	# "Failed to fetch URL  reason"
	reason=$(sed -n 's/^[EW]: Failed to fetch [^ ]* *//p' "$work/log" |
		tail -n 1)
	[ "$reason" = "" ] || fail "can't fetch packages, is there a network?" \
		"$reason"
	tail -n 50 "$work/log" >&2
	fail "can't install packages: $(sed -n 's/^E: //p' "$work/log" |
		head -n 1)"
}

# Install packages, but start none of the services that they bring.
install_packages()
{
	local -x LC_ALL=C DEBIAN_FRONTEND=noninteractive

	: > "$work/log"
	is_apt=yes
	forbid_services
	# a mirror that isn't needed may be unreachable
	logged apt-get update || :
	# another apt-get may be running, as after a machine's first boot
	logged apt-get -o DPkg::Lock::Timeout=600 install -y \
		--no-install-recommends "$@" || fail_install
	allow_services
	is_apt=
}

need_packages()
{
	local missing=() package

	[ "$(id -u)" = 0 ] || fail "has to run as root, in order to install" \
		"packages and to start a Dovecot in a mount namespace of its" \
		"own"
	command -v apt-get > /dev/null || fail "knows only how to install" \
		"Debian's packages; elsewhere see README, \"Install\""
	for package in "$@"; do
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "Installing ${missing[*]} ..."
	install_packages "${missing[@]}"
}

# Build a copy of the source tree in $work/source, and stage it in $work/stage.
# What stands in the source tree from other builds is left out.
build_and_stage()
{
	echo "Building in $work ..."
	cp -a "$top" "$work/source"
	cd "$work/source"
	if [ -f config.status ]; then
		quietly make distclean
	fi
	quietly ./autogen.sh
	quietly ./configure --prefix="$MBA_PREFIX" \
		--with-dovecot="$MBA_PREFIX" "$@"
	quietly make -j "$(nproc)"
	quietly make install DESTDIR="$work/stage"
}

# Run a command where Dovecot sees what was staged.
in_namespace()
{
	mkdir -p "$work/tmp"
	chmod 1777 "$work/tmp"
	# the namespace's first process has to stay: when it ends all others do
	# shellcheck disable=SC2016 # the inner shell expands
	loudly unshare --mount --propagation private --pid --fork --kill-child \
		--mount-proc bash -c '
			mount --bind "$1/tmp" /tmp
			! mountpoint -q /dev/shm || mount -t tmpfs shm /dev/shm
			shift
			# a signal is nothing to tell
			exec 3>&2 2>/dev/null
			"$@" 2>&3 3>&-
			exit $?' in_namespace "$work" \
		"$work/source/tests/system/in-namespace" "$work/stage" "$@"
}

cleanup()
{
	trap '' INT TERM HUP
	cd /
	allow_services || :
	# a test that was killed may leave what can't be removed just so
	rm -rf "$work" 2>/dev/null || {
		chattr -R -ia "$work" 2>/dev/null || :
		rm -rf "$work"
	}
}

policy=
# not in /tmp, which is another one in the namespace
work=$(mktemp -d /var/tmp/mailbox-audit.XXXXXX)
trap cleanup EXIT
trap 'on_signal INT' INT
trap 'on_signal TERM' TERM
trap 'on_signal HUP' HUP
# Dovecot's processes, which aren't root, look at the stage
chmod 755 "$work"
