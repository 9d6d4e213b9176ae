#!/bin/sh
# Installs osmon from its archive on any Linux with glibc 2.31 or later and cron or systemd.
#
#   ./install.sh                       in the unpacked archive
#   sh install.sh ARCHIVE.tar.gz       checks it against SHA256SUMS beside it, unpacks and installs it
#
#   PREFIX=/usr/local    where to: $HOME/.local for those who are not root
#   DESTDIR=             puts the files below it and changes nothing of this host (for packagers)
#   SCHEDULE=auto        cron, timer or off: what runs osmon; see osmon schedule --help
#
# Run it again to upgrade: schedule, configuration and history stay. ./uninstall.sh or osmon uninstall removes it.
set -eu
umask 022

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

need_sha256sum() {
    command -v sha256sum >/dev/null || fail "sha256sum is missing (coreutils)"
}

# Goes on with the install.sh of the archive.
unpack_and_install() { # ARCHIVE
    need_sha256sum
    [ -f "$1" ] || fail "there is no $1"
    directory=$(cd "$(dirname "$1")" && pwd)
    name=$(basename "$1")
    [ -f "$directory/SHA256SUMS" ] || fail "$directory/SHA256SUMS is missing; download it too"
    line=$(grep -E "^[0-9a-f]{64}[ *]+$name\$" "$directory/SHA256SUMS") || fail "$directory/SHA256SUMS does not list $name"
    (cd "$directory" && echo "$line" | sha256sum -c - >/dev/null 2>&1) ||
        fail "$name is not the published file: its SHA-256 sum differs; download it again"
    unpacked=$(mktemp -d)
    trap 'rm -rf "$unpacked"' EXIT
    tar -xzf "$directory/$name" -C "$unpacked"
    sh "$unpacked"/*/install.sh
}

# Makes a directory and notes each one that was not there, for removal.
make_directory() { # DIRECTORY
    [ ! -d "$1" ] || return 0
    make_directory "$(dirname "$1")"
    mkdir -m 755 "$1"
    echo "${1#"$DESTDIR"}/" >>"$list"
}

# Programs are replaced by renaming: a minute that is running ends with the old one.
copy() { # FILE BELOW THE ARCHIVE
    to=$DESTDIR$PREFIX/$1
    make_directory "$(dirname "$to")"
    [ ! -d "$to" ] || fail "$to is a directory"
    cp -P "$here/$1" "$to.new"
    mv -f "$to.new" "$to"
    echo "${to#"$DESTDIR"}" >>"$list"
}

# Checks for the programs that the steps after copying need, so that nothing is left half done.
need_account_programs() {
    has_account group && has_account passwd && return
    for program in groupadd useradd; do
        command -v $program >/dev/null ||
            fail "$program is missing, which makes the user and group osmon; install it (package passwd or shadow), or make both yourself; nothing was installed"
    done
}

has_account() { # group OR passwd
    getent "$1" osmon >/dev/null 2>&1 || grep -q '^osmon:' "/etc/$1"
}

# User and group for those who may read; osmon itself runs as root.
make_account() {
    has_account group || groupadd --system osmon
    has_account passwd ||
        useradd --system --gid osmon --home-dir /var/lib/osmon --no-create-home --shell "$(nologin)" osmon
}

nologin() {
    for shell in /usr/sbin/nologin /sbin/nologin /bin/false; do
        if [ -x "$shell" ]; then
            echo "$shell"
            return
        fi
    done
}

make_data_directories() {
    [ -d /var/lib/osmon ] || { mkdir /var/lib/osmon && chown root:osmon /var/lib/osmon && chmod 2750 /var/lib/osmon; }
    [ -d /etc/osmon ] || { mkdir /etc/osmon && chown root:osmon /etc/osmon && chmod 750 /etc/osmon; }
}

case ${1:-} in
'') ;;
-h | --help)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0"
    exit 0
    ;;
-*) fail "unknown option $1; see --help" ;;
*)
    unpack_and_install "$1"
    exit 0
    ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
[ -f "$here/bin/osmon" ] || fail "run it in the unpacked archive, or name the archive: sh install.sh ARCHIVE.tar.gz"
is_root=false
[ "$(id -u)" != 0 ] || is_root=true
if [ -z "${PREFIX:-}" ]; then
    PREFIX=/usr/local
    $is_root || PREFIX=$HOME/.local
fi
DESTDIR=${DESTDIR:-}
case $PREFIX in
/*) PREFIX=${PREFIX%/} ;;
*) fail "PREFIX is '$PREFIX'; use an absolute path" ;;
esac

need_sha256sum
(cd "$here" && sha256sum -c SHA256SUMS >/dev/null 2>&1) ||
    fail "files of the archive are missing or changed (sha256sum -c SHA256SUMS names them); unpack it again"
"$here/bin/osmon" --version >/dev/null || fail "this osmon does not start here; it needs glibc 2.31 on $(uname -m)"
if [ -e /var/lib/dpkg/info/osmon.list ] && [ -z "$DESTDIR" ] && $is_root && [ "$PREFIX" = /usr ]; then
    fail "osmon is installed as a package; upgrade it with apt install ./osmon_VERSION_ARCH.deb"
fi

if [ -z "$DESTDIR" ] && $is_root; then need_account_programs; fi

# What is installed, for osmon uninstall: files, and directories (with a / at the end) that were not there before.
installed=$DESTDIR$PREFIX/share/osmon/installed
is_upgrade=false
[ ! -f "$installed" ] || is_upgrade=true
list=$(mktemp)
trap 'rm -f "$list"' EXIT
mkdir -p "${DESTDIR:-/}"
make_directory "$DESTDIR$PREFIX/share/osmon"
files=$(cd "$here" && find share bin -type f -o -type l | LC_ALL=C sort -r)
for file in $files; do copy "$file"; done
echo "$PREFIX/share/osmon/installed" >>"$list"
if $is_upgrade; then
    grep '/$' "$installed" >>"$list" || true
    # What an earlier version installed and this one does not.
    grep -v '/$' "$installed" | while read -r old; do
        grep -qxF "$old" "$list" || rm -f "$DESTDIR$old"
    done
fi
LC_ALL=C sort -u "$list" >"$installed.new"
mv -f "$installed.new" "$installed"

[ -z "$DESTDIR" ] || exit 0
osmon=$PREFIX/bin/osmon
if $is_root; then
    make_account
    make_data_directories
fi
if ! $is_upgrade || [ -n "${SCHEDULE:-}" ]; then
    "$osmon" schedule "${SCHEDULE:-auto}" -q ||
        echo "install.sh: nothing runs osmon yet; when cron or systemd is there: $osmon schedule auto" >&2
fi
echo "$("$osmon" version) is installed as $osmon; what runs it: osmon schedule"
if $is_root; then config=/etc/osmon/osmon.toml; else config=${XDG_CONFIG_HOME:-$HOME/.config}/osmon/osmon.toml; fi
[ -e "$config" ] || echo "To be notified, run: $osmon init"
