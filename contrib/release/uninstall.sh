#!/bin/sh
# Removes an osmon that install.sh installed.
#
#   ./uninstall.sh               shows what would be removed, and asks
#   ./uninstall.sh --keep-data   programs and schedule only; history and configuration stay
#   ./uninstall.sh --purge       history and configuration too
#
#   --yes      does not ask
#   PREFIX=/usr/local            where it is: $HOME/.local for those who are not root
#
# It calls osmon uninstall. Where the program does not start any more it removes the files, and names what is left to do.
set -eu

case ${1:-} in
-h | --help)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p;}' "$0"
    exit 0
    ;;
esac
if [ -z "${PREFIX:-}" ]; then
    PREFIX=/usr/local
    [ "$(id -u)" = 0 ] || PREFIX=$HOME/.local
fi
if "$PREFIX/bin/osmon" --version >/dev/null 2>&1; then
    exec "$PREFIX/bin/osmon" uninstall "$@"
fi

list=$PREFIX/share/osmon/installed
[ -f "$list" ] || {
    echo "uninstall.sh: there is no $list; was osmon installed elsewhere? Then: PREFIX=/there ./uninstall.sh" >&2
    exit 1
}
case " $* " in
*" --yes "*) ;;
*)
    echo "uninstall.sh: osmon does not start, so only its files would be removed; to do that: ./uninstall.sh --yes" >&2
    exit 1
    ;;
esac
# Files first, then the directories that install.sh made, the deepest first.
files=$(grep -v '/$' "$list")
directories=$(grep '/$' "$list" | LC_ALL=C sort -r)
for file in $files; do
    case $file in "$PREFIX"/*) rm -f "$file" ;; esac
done
for directory in $directories; do rmdir "$directory" 2>/dev/null || true; done
if [ "$(id -u)" = 0 ]; then
    rm -f /etc/cron.d/osmon /etc/cron.d/osmon-watch
    for unit in osmon osmon-watch osmon-heal; do
        systemctl disable --quiet --now "$unit.timer" 2>/dev/null || true
        rm -rf "/etc/systemd/system/$unit.timer" "/etc/systemd/system/$unit.service" "/etc/systemd/system/$unit.timer.d"
    done
    systemctl daemon-reload 2>/dev/null || true
    echo "Removed. If you want to be rid of the history too: rm -r /var/lib/osmon /etc/osmon"
    if grep -q '^osmon:' /etc/passwd || grep -q '^osmon:' /etc/group; then
        echo "The user and the group osmon stay; then: userdel osmon; groupdel osmon"
    fi
else
    echo "Removed. If a line runs osmon, take it out: crontab -e. The history: rm -r ~/.local/state/osmon ~/.config/osmon"
fi
