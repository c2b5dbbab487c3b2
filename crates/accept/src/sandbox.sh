# Runs a command over a root file system without leaving a trace in it or in the machine. The caller has made mount,
# process and network namespaces, so every mount and every interface here ends with the command.
# $1 the root, $2 files to lay over it, $3 an empty directory, $4 names of interfaces, $5 seconds of processor time, $6 a directory to show
# at /mnt or nothing; the rest is the command.
set -eu
lower=$1 files=$2 view=$3 links=$4 seconds=$5 shown=$6
shift 6
mount -t tmpfs -o mode=755 plimsoll "$view"
mkdir "$view/upper" "$view/work" "$view/root"
root=$view/root
mount -t overlay -o "lowerdir=$lower,upperdir=$view/upper,workdir=$view/work" plimsoll "$root"
# Directories that exist keep their owner and mode.
tar -C "$files" -c . | tar -C "$root" -x --no-overwrite-dir --no-same-owner --same-permissions
mount -t proc proc "$root/proc"
mount -o bind,ro "$root/proc/sys" "$root/proc/sys"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
if [ -e /dev/net/tun ]; then
    mkdir "$root/dev/net"
    touch "$root/dev/net/tun"
    mount --bind /dev/net/tun "$root/dev/net/tun"
fi
mkdir -m 1777 "$root/dev/shm"
mount -t tmpfs -o mode=755 run "$root/run"
mkdir -p "$root/run/lock" "$root/run/network" "$root/run/systemd"
[ -z "$shown" ] || mount -o bind,ro "$shown" "$root/mnt"
ip link set lo up
# Bridges, because every kernel that can run these tests has them; the readers only ask for the name.
for link in $links; do
    ip link add "$link" type bridge
done
ulimit -t "$seconds"
echo plimsoll-ready >&2
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root \
    timeout --kill-after=2 "$((seconds * 10))" "$@"
