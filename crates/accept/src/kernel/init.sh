#!/bin/sh
# First process of the virtual machine: brings its interfaces up as a host does, and reports on the second serial line.
PATH=/usr/sbin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mkdir -p /run/network /run/lock
stty -F /dev/ttyS1 raw -echo
exec >/dev/ttyS1 2>&1
modprobe virtio_net

# The names that the file expects, as udev would give them.
names=$(sed 's/.*plimsoll.names=//' /proc/cmdline)
for link in /sys/class/net/*; do
    mac=$(cat "$link/address")
    for pair in $names; do
        [ "${pair%=*}" = "$mac" ] && ip link set "${link##*/}" name "${pair#*=}"
    done
done

section() { printf '\n==== %s\n' "$1"; }

section ifup
ifup -a
section ifup-status
echo $?
section ifquery
ifquery --check -a
section ifquery-status
echo $?
# LACP needs some seconds; a bond without a partner never settles, so there is a limit.
tries=0
while [ $tries -lt 60 ] && grep -qs -E 'MII Status: down|Partner Mac Address: 00:00:00:00:00:00' /proc/net/bonding/*; do
    sleep 0.25
    tries=$((tries + 1))
done
while read -r address size; do
    section "ping $address $size"
    for try in 1 2 3 4 5 6 7 8; do
        ping -c 1 -W 1 -M do -s "$size" "$address" && break
        sleep 0.25
    done
done </plimsoll/pings
for bond in /proc/net/bonding/*; do
    [ -e "$bond" ] || continue
    section "bonding ${bond##*/}"
    cat "$bond"
done
section links
ip -details -json link show
section addresses
ip -json address show
section vlans
bridge -json vlan show
section end
sync
echo o >/proc/sysrq-trigger
sleep 60
