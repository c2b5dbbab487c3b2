# Wires and boots the virtual machine, and prints what it reports. Runs in the sandbox, whose process namespace ends
# everything started here. /mnt holds the kernel and its initramfs; /plimsoll/initrd is the rest of it.
# $1 seconds the machine may take, $2 its NICs as `name lag` words joined by commas, $3 peers as `vlan address mtu`.
set -eu
seconds=$1
mkdir -p /run/openvswitch /etc/openvswitch /var/log/openvswitch
ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --remote=punix:/run/openvswitch/db.sock --detach --pidfile --no-chdir --log-file=/tmp/ovsdb.log \
    /etc/openvswitch/conf.db 2>/dev/null
ovs-vsctl --no-wait init
ovs-vswitchd --detach --pidfile --no-chdir --log-file=/tmp/vswitchd.log 2>/dev/null
ovs-vsctl add-br leaf -- set bridge leaf datapath_type=netdev

# Every NIC is a tap; those of one link aggregation group are one port of the switch.
set -f
IFS=,
number=0
lags='' qemu='' names=''
for nic in $2; do
    IFS=' '
    set -- $nic "$3"
    name=$1 lag=$2
    shift 2
    ip tuntap add dev "tap$number" mode tap
    ip link set "tap$number" mtu 9216 up
    mac=02:00:00:00:00:0$number
    # Without a speed 802.3ad never gets past "MII Status: down".
    qemu="$qemu -netdev tap,id=n$number,ifname=tap$number,script=no,downscript=no"
    qemu="$qemu -device virtio-net-pci,netdev=n$number,mac=$mac,speed=10000,duplex=full"
    names="$names $mac=$name"
    case $lag in
    -) ovs-vsctl add-port leaf "tap$number" ;;
    *)
        eval "lag_$lag=\"\${lag_$lag:-} tap$number\""
        case " $lags " in *" $lag "*) ;; *) lags="$lags $lag" ;; esac
        ;;
    esac
    number=$((number + 1))
    set -- x x "$1"
    IFS=,
done
IFS=' '
for lag in $lags; do
    eval "members=\$lag_$lag"
    ovs-vsctl add-bond leaf "$lag" $members lacp=active bond_mode=balance-tcp other_config:lacp-time=fast
done
number=0
IFS=,
for peer in $3; do
    IFS=' '
    set -- $peer "$3"
    tag=''
    [ "$1" = 0 ] || tag="tag=$1"
    ovs-vsctl add-port leaf "peer$number" $tag -- set interface "peer$number" type=internal mtu_request="$3"
    ip address add "$2" dev "peer$number"
    ip link set "peer$number" up
    number=$((number + 1))
    set -- x x "$4"
    IFS=,
done
IFS=' '

cat /mnt/initrd /plimsoll/initrd >/tmp/initrd
status=0
timeout "$seconds" qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 1 -m 1024 -nodefaults -no-user-config \
    -display none -no-reboot -kernel /mnt/vmlinuz -initrd /tmp/initrd \
    -append "console=ttyS0 quiet panic=-1 net.ifnames=0 mitigations=off rdinit=/plimsoll/init plimsoll.names=${names# }" \
    -serial file:/tmp/console -serial file:/tmp/report $qemu >&2 || status=$?
cat /tmp/report
tail -n 30 /tmp/console >&2
exit $status
