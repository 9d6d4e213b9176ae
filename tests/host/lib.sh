# shellcheck shell=bash
# Helpers for tests/host/host: messages, the lock, finding and entering a
# booted host, and taking one away without leaving anything behind.

DIR=${OSMON_TEST_HOST_DIR:-/var/tmp/osmon-test-host}
# shellcheck disable=SC2034  # used in base.sh and host
BASE=$DIR/base      # BASE/root is the pristine system, BASE/stamp what it was made of
HOSTS=$DIR/hosts    # HOSTS/NAME: pid, console.log, root (mounted), upper, work

FAIL_STATUS=1
say() { printf 'host: %s\n' "$*" >&2; }
die() { say "$*"; exit "$FAIL_STATUS"; }

need_root() {
  [ "$(id -u)" = 0 ] || die "this needs root; run it as root"
}

need_name() {
  [[ ${1:-} =~ ^[a-z][a-z0-9-]{0,30}$ ]] ||
    die "'${1:-}' is no host name; use small letters, digits and '-', at most 31"
}

# The cache directory: ours, private, with a name that mount options can carry.
need_dir() {
  [[ $DIR =~ ^/[A-Za-z0-9._/-]+$ ]] ||
    die "OSMON_TEST_HOST_DIR is '$DIR'; use an absolute path of plain characters"
  [ -d "$DIR" ] || (umask 077; mkdir -p "$DIR") ||
    die "cannot make $DIR; set OSMON_TEST_HOST_DIR to another place"
  [[ -O $DIR && ! -L $DIR ]] ||
    die "$DIR is not a directory of root's own; remove it or set OSMON_TEST_HOST_DIR"
  mkdir -p "$HOSTS"
}

# One lock over the base: 'make' takes it alone, 'boot' shares it while it copies.
lock() {    # -x or -s
  exec 9>"$DIR/lock"
  flock -n "$1" 9 && return
  say "another 'host' is busy with $DIR; waiting for it"
  flock "$1" 9
}
unlock() { exec 9>&-; }

# The pid of NAME's systemd-nspawn. The command line is compared, so that a pid
# which meanwhile belongs to somebody else is never taken for ours.
nspawn_pid() {
  local pid
  pid=$(cat "$HOSTS/$1/pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  { tr '\0' '\n' <"/proc/$pid/cmdline"; } 2>/dev/null |
    grep -qxF -- "--directory=$HOSTS/$1/root" || return 1
  echo "$pid"
}

# The pid, out here, of the process that is PID 1 inside: the one child of
# nspawn that has a second process id, and there it is 1.
inner_pid() {
  local parent child
  parent=$(nspawn_pid "$1") || return 1
  for child in $(pgrep -P "$parent" || true); do
    grep -qE '^NSpid:[[:space:]]+[0-9]+[[:space:]]+1$' "/proc/$child/status" 2>/dev/null || continue
    echo "$child"
    return
  done
  return 1
}

# Sets ENTER to the words that run a command inside NAME. Before nspawn has
# become systemd its file system is still ours, so its name is checked first.
find_way_in() {
  local pid
  pid=$(inner_pid "$1") && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = systemd ] || return 1
  ENTER=(nsenter -t "$pid" -m -u -i -n -p -- /usr/bin/env -i
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8)
}

need_running() {
  need_root
  need_name "${1:-}"
  find_way_in "$1" || die "$1 is not running; run: host boot $1"
}

# A host gets control groups of its own: nspawn works in fixed places below the
# group it is started in, and two hosts must not share those.
cgroups_of() {
  local top
  for top in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    [ ! -e "$top/cgroup.procs" ] ||
      echo "$top/osmon-test-host.$1.$(stat -c %i "$HOSTS/$1")"
  done
}

remove_cgroups() {
  local group
  for group in $(cgroups_of "$1"); do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null ||
      say "could not remove $group; look what still runs in it"
  done
}

# Waits until the nspawn of a host is gone: wait_gone OUTER INNER SECONDS
#
# Shutting down, systemd stops all processes before it kills them. An nsenter out
# here copies that from the command it runs: it stops too, and a stopped nsenter
# never lets go of its dead command, nor the dead command of the host. So the
# nsenters of this host are told to go on.
wait_gone() {
  local tries=$(($3 * 10)) pid
  while [ -d "/proc/$1" ] && ! grep -q '^State:.*zombie' "/proc/$1/status" 2>/dev/null; do
    ((tries-- > 0)) || return 1
    for pid in $(pgrep -f "^nsenter -t $2 -m " || true); do
      kill -CONT "$pid" 2>/dev/null || true
    done
    sleep 0.1
  done
}

# Ends all that runs in NAME, in good order if it can be had; its files stay.
power_off() {
  local name=$1 outer inner
  if outer=$(nspawn_pid "$name"); then
    inner=$(inner_pid "$name") || inner=none
    if find_way_in "$name"; then
      timeout 10 "${ENTER[@]}" systemctl poweroff >/dev/null 2>&1 || true
    fi
    if ! wait_gone "$outer" "$inner" 30; then
      say "$name did not power off in 30 s; ending it"
      # The end of the inner PID 1 is the end of every process inside.
      if inner=$(inner_pid "$name"); then kill -KILL "$inner" || true; fi
      wait_gone "$outer" "$inner" 5 || kill -KILL "$outer" || true
      wait_gone "$outer" "$inner" 5 ||
        die "pid $outer of $name does not end; look at it, then run: host stop $name"
    fi
  fi
  remove_cgroups "$name"
}

# Removes a tree, but first unmounts all below it, and never crosses a mount.
clear_tree() {
  local at
  for at in $(awk -v d="$1/" 'index($5 "/", d) == 1 {print $5}' /proc/self/mountinfo | tac); do
    umount "$at" || die "cannot unmount $at; see what uses it (fuser -vm $at), then try again"
  done
  rm -rf --one-file-system "$1"
}
