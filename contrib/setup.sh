# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors
#
# shellcheck shell=bash disable=SC2034
# For contrib/demo and contrib/run-tests, which source it: the packages that are
# missing are installed, a copy of this source tree is built, and what it
# installs is staged in a temporary directory, which goes away at the end.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# not the one of another installation that may stand first in PATH
python=/usr/bin/python3

BUILD_PACKAGES="gcc make libc6-dev autoconf automake libtool pkg-config
	libjansson-dev check dovecot-dev dovecot-imapd dovecot-lmtpd python3"
TEST_PACKAGES="python3-pytest python3-pytest-xdist python3-jsonschema
	git strace valgrind util-linux procps e2fsprogs
	g++ man-db curl isync neomutt"

fail()
{
	echo "$0: $*" >&2
	exit 1
}

is_installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = \
		installed ]
}

# Install packages, but start none of the services that they bring.
install_packages()
{
	local policy=/usr/sbin/policy-rc.d status=0

	apt-get update
	[ -e "$policy" ] && policy=
	if [ -n "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' > "$policy"
		chmod 755 "$policy"
	fi
	DEBIAN_FRONTEND=noninteractive apt-get install -y \
		--no-install-recommends "$@" || status=$?
	[ -z "$policy" ] || rm -f "$policy"
	return $status
}

# Run a command, whose output is only shown if it fails.
quietly()
{
	"$@" > "$work/log" 2>&1 || {
		cat "$work/log" >&2
		fail "$* failed"
	}
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
	quietly install_packages "${missing[@]}"
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
	quietly ./configure --prefix=/usr "$@"
	quietly make -j "$(nproc)"
	quietly make install DESTDIR="$work/stage"
}

# Run a command where Dovecot sees what was staged.
in_namespace()
{
	"$work/source/tests/system/in-namespace" "$work/stage" "$@"
}

work=$(mktemp -d)
# Dovecot's processes, which aren't root, look at the stage
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
