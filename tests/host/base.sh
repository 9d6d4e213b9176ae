# shellcheck shell=bash
# The base machine that every host starts as a copy of: whether this machine
# can make one, and making it with debootstrap from apt's own mirror.

RELEASE=bookworm
PACKAGES=systemd,systemd-sysv,dbus,cron,ca-certificates,msmtp
RECIPE=1    # raise it when prepare_base changes, so that the base is rebuilt
STAMP="$RELEASE $PACKAGES $RECIPE"

base_ready() { [ "$(cat "$BASE/stamp" 2>/dev/null)" = "$STAMP" ]; }

# The Debian mirror that this machine's own apt uses: Debian's source of the wanted
# release; else of another one (a mirror carries them all); else, where apt has no
# lists yet and so cannot tell whose a source is, the first that looks like it.
mirror() {
  local all
  all=$(debian_sources "RELEASE: $RELEASE" 'ORIGIN: Debian'
        debian_sources 'ORIGIN: Debian' 'LABEL: Debian'
        debian_sources "RELEASE: $RELEASE" 'COMPONENT: main')
  grep -m1 -E '^(https?|file):' <<<"$all"
}
debian_sources() { apt-get indextargets --format "\$(REPO_URI)" "$@" 2>/dev/null || true; }

# apt's proxy, if it has one, for the downloader that debootstrap uses.
export_proxy() {
  local http='' https=''
  eval "$(apt-config shell http Acquire::http::Proxy https Acquire::https::Proxy)"
  [[ $http != *://* ]] || export http_proxy=$http
  [[ $https != *://* ]] || export https_proxy=$https
}

cmd_possible() {
  no() { echo "no test host here: $*"; exit 1; }
  [ "$(id -u)" = 0 ] || no "it needs root"
  local tool
  for tool in debootstrap systemd-nspawn nsenter unshare setsid flock pgrep; do
    command -v "$tool" >/dev/null ||
      no "$tool is missing (apt-get install debootstrap systemd-container util-linux procps)"
  done
  unshare --mount --pid --fork true 2>/dev/null || no "this root may not make namespaces"
  [[ -w /sys/fs/cgroup/cgroup.procs || -w /sys/fs/cgroup/systemd/cgroup.procs ]] ||
    no "/sys/fs/cgroup is not writable"
  base_ready || mirror >/dev/null || no "apt has no Debian mirror configured"
}

# What debootstrap leaves undecided, or copies from the machine it runs on.
prepare_base() {
  ln -sfn /usr/share/zoneinfo/Etc/UTC "$1/etc/localtime"
  echo Etc/UTC >"$1/etc/timezone"
  : >"$1/etc/machine-id"      # empty: every host gets its own at boot,
  rm -f "$1/var/lib/dbus/machine-id"    # unless there is an old one to take up
  : >"$1/etc/default/locale"  # without it every cron job logs that it is missing
  rm -f "$1"/var/cache/apt/archives/*.deb
  local timer                 # no downloads on their own in the middle of a test
  for timer in apt-daily.timer apt-daily-upgrade.timer; do
    ln -sfn /dev/null "$1/etc/systemd/system/$timer"
  done
}

cmd_make() {
  need_root
  need_dir
  lock -x
  if base_ready; then
    say "the base machine is there already"
    return
  fi
  [ -z "$(ls -A "$HOSTS")" ] ||
    die "the base must be made anew, but hosts use it; stop them first: $(cd "$HOSTS" && echo *)"
  local from log=$DIR/make.log
  from=$(mirror) || die "apt has no Debian mirror configured; add one to /etc/apt/sources.list.d"
  export_proxy
  say "making Debian $RELEASE in $BASE; this takes a minute or so"
  clear_tree "$BASE.tmp"
  mkdir -p "$BASE.tmp"
  # In a mount namespace of its own, so that no mount stays if it is interrupted.
  if ! unshare --mount debootstrap --force-check-gpg --variant=minbase --include="$PACKAGES" \
      "$RELEASE" "$BASE.tmp/root" "$from" </dev/null >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    die "debootstrap failed; the whole story is in $log"
  fi
  prepare_base "$BASE.tmp/root"
  echo "$STAMP" >"$BASE.tmp/stamp"
  clear_tree "$BASE"
  mv "$BASE.tmp" "$BASE"
  say "made in $SECONDS s"
}
