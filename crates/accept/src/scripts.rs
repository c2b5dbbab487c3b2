//! What runs in the sandbox for each program. Arguments are the paths of the files it reads; standard input is empty.

pub(crate) const CHRONYD: &str = "exec chronyd -p -f /etc/chrony/chrony.conf";

pub(crate) const CLOUD_INIT: &str = r#"
status=0
for file; do cloud-init schema --config-file "$file" || status=$?; done
exit $status"#;

/// `vtysh -C` knows only the shape of commands. The daemons know the rest (a neighbour that was never declared, a prefix
/// list whose lengths cross), so they load the file too, in this empty network.
pub(crate) const FRR: &str = r"
vtysh -C || exit
mkdir -p /run/frr && chown frr:frr /run/frr
for daemon in mgmtd zebra bgpd bfdd staticd; do
    /usr/lib/frr/$daemon -d -A 127.0.0.1 --log file:/dev/null --log-level critical >/tmp/$daemon 2>&1 ||
        { cat /tmp/$daemon; exit 1; }
done
# The daemons themselves hold mgmtd's lock for a moment after their start.
for attempt in $(seq 50); do
    vtysh -b >/tmp/boot 2>&1
    status=$?
    grep -q 'datastore locked' /tmp/boot || break
    sleep 0.3
done
cat /tmp/boot
exit $status";

/// Progress of `vtysh -b`, a line of zebra's about this kernel, and that an attempt which found the lock of mgmtd taken has
/// left its part there already.
pub(crate) fn frr_says_nothing(line: &str) -> bool {
    line.starts_with("Waiting for children")
        || line.trim() == "MGMTD: No changes found to be committed!"
        || line.contains("Disabling MPLS support")
        || line
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] "))
            .is_some_and(|(daemon, rest)| daemon.contains('|') && matches!(rest, "sending configuration" | "done"))
}

/// `-dW` makes warnings fatal.
pub(crate) const HAPROXY: &str = r#"
for file; do set -- "$@" -f "$file"; shift; done
exec haproxy -c -dW "$@""#;

/// Which HAProxy this is, and that all is well.
pub(crate) fn haproxy_says_nothing(line: &str) -> bool {
    line.starts_with("[NOTICE]") || line == "Configuration file is valid"
}

/// ifupdown2 ignores options it does not know without a word, so each is looked up in its own list of them. That it calls the
/// MTU of a bridge needless is left out: without one it sets 1500 itself.
pub(crate) const IFUPDOWN2: &str = r#"
ifquery -a >/dev/null || exit
ifup -a --syntax-check 2>/tmp/said
status=$?
grep -v 'There is no need to assign mtu on a bridge' /tmp/said >/tmp/rest
cat /tmp/rest >&2
[ "$status" -eq 0 ] || [ ! -s /tmp/rest ] || exit "$status"
[ "$status" -eq 0 ] || [ -s /tmp/said ] || exit "$status"
ifquery --syntax-help | awk '/^  [^ ]/ { print $1 }' | sort -u >/tmp/known
cat "$@" | awk '
    /^[ \t]*#/ || NF == 0 { next }
    $1 ~ /^(iface|auto|source|source-directory|vlan|template)$/ || $1 ~ /^allow-/ { next }
    $1 ~ /^(pre-|post-)?(up|down)$/ { next }
    { print $1 }' | sort -u | comm -23 - /tmp/known >/tmp/unknown
[ -s /tmp/unknown ] || exit 0
sed 's/^/option unknown to ifupdown2: /' /tmp/unknown >&2
exit 1"#;

/// The user that the checks run as comes from a file of the host too.
pub(crate) const KEEPALIVED: &str = "
systemd-sysusers 2>/dev/null
exec keepalived -t -f /etc/keepalived/keepalived.conf";

/// The configuration with every zone it is primary for as the daemon loads them; then each of these zones by itself,
/// where `named-checkzone` also calls a warning what it would serve all the same.
pub(crate) const NAMED: &str = r#"
named-checkconf -z /etc/bind/named.conf || exit
named-checkconf -p /etc/bind/named.conf | awk '
    $1 == "zone" { gsub(/"/, "", $2); zone = $2; primary = 0; file = "" }
    $1 == "type" && zone != "" { primary = $2 ~ /^(primary|master);/ }
    $1 == "file" && zone != "" { gsub(/[";]/, "", $2); file = $2 }
    primary && file != "" { print zone, file; zone = ""; primary = 0; file = "" }' >/tmp/zones
while read -r zone file; do
    named-checkzone -i full -k fail -m fail -M fail -n fail -r fail -S fail "$zone" "$file" || exit
done </tmp/zones"#;

/// The daemon says what it does not understand before it looks at the interfaces, the first of which is `lo`. Then it
/// would go on for ever: being told to stop is its good end. Waiting for that line and not for a time: a busy machine
/// would let it say nothing at all.
macro_rules! networkd {
    () => {
        r"
mkdir -p /run/systemd/netif/links /run/systemd/netif/leases
chown -R systemd-network: /run/systemd/netif
SYSTEMD_LOG_TARGET=console /usr/lib/systemd/systemd-networkd >/tmp/networkd 2>&1 &
until grep -q '^lo: ' /tmp/networkd || ! kill -0 $! 2>/dev/null; do sleep 0.1; done
kill $! 2>/dev/null
wait $!
status=$?
cat /tmp/networkd >&2
[ $status = 0 ] && grep -q '^lo: ' /tmp/networkd"
    };
}

pub(crate) const NETWORKD: &str = networkd!();

/// The generator behind `netplan generate`; the command itself also wants to reload a running systemd.
pub(crate) const NETPLAN: &str = concat!(
    r#"
chmod 600 "$@"
/usr/libexec/netplan/generate || exit"#,
    networkd!()
);

/// What systemd-networkd says of this empty network rather than of its files: a line about a file begins with its path.
pub(crate) fn networkd_says_nothing(line: &str) -> bool {
    !line.starts_with('/')
}

pub(crate) const NFT: &str = r#"
status=0
for file; do nft -c -f "$file" || status=$?; done
exit $status"#;

pub(crate) const PROMTOOL_CONFIG: &str = r#"exec promtool check config --lint=all --lint-fatal "$@""#;

pub(crate) const PROMTOOL_RULES: &str = r#"exec promtool check rules --lint=all --lint-fatal "$@""#;

pub(crate) fn promtool_says_nothing(line: &str) -> bool {
    line.starts_with("Checking ") || line.trim_start().starts_with("SUCCESS: ")
}

pub(crate) const SHELL: &str = r#"
status=0
for file; do
    case $(head -n 1 "$file") in
    *bash*) bash -n "$file" || status=$? ;;
    *) sh -n "$file" || status=$? ;;
    esac
done
exit $status"#;

pub(crate) const SSHD: &str = "mkdir -p /run/sshd && ssh-keygen -A >/dev/null && exec sshd -t";

/// Some settings exist only once a module is loaded or outside a network namespace: not a fault of the file.
pub(crate) const SYSCTL: &str = r#"
sysctl --dry-run -p "$@" 2>/tmp/said
grep -v -E 'cannot stat /proc/sys/net/(bridge|netfilter|core|nf_conntrack_max|ipv4/vs)' /tmp/said >&2 || exit 0
exit 1"#;

/// Programs of Kubernetes come from packages that are not in Debian: units may name them as if they were installed.
pub(crate) const SYSTEMD_ANALYZE: &str = r#"
for program in kubelet kubeadm kubectl crictl; do
    [ -e /usr/bin/$program ] || ln -s true /usr/bin/$program
done
[ -e /usr/lib/systemd/system/kubelet.service ] ||
    printf '[Service]\nExecStart=/usr/bin/kubelet\n' >/usr/lib/systemd/system/kubelet.service
exec systemd-analyze verify --man=no --recursive-errors=no "$@""#;
