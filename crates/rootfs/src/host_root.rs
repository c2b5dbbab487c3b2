//! The root file system of a Debian host with every daemon whose files are rendered. Programs check files in it, lab
//! hosts boot from overlays over it, and it brings the virtual machine monitor for the kernel test.

use std::path::{Path, PathBuf};

use crate::cache::{Cache, Entry};
use crate::debian::Recipe;
use crate::{Error, Progress};

/// Packages beside the minimal system, sorted.
const PACKAGES: &[&str] = &[
    "age",
    "arping",
    "bind9",
    "bind9-dnsutils",
    "bind9-utils",
    "ca-certificates",
    "chrony",
    "cloud-init",
    "conntrack",
    "curl",
    "dbus",
    "etcd-client",
    "etcd-server",
    "ethtool",
    "frr",
    "frr-pythontools",
    "haproxy",
    "ifupdown2",
    "iproute2",
    "iputils-ping",
    "jq",
    "keepalived",
    "kmod",
    "netplan.io",
    "nftables",
    "openssh-client",
    "openssh-server",
    "openssl",
    "openvswitch-switch",
    "procps",
    "prometheus",
    "qemu-system-x86",
    "socat",
    "systemd",
    "systemd-resolved",
    "systemd-sysv",
    "tcpdump",
    "udev",
];

/// A host boots with nothing running but systemd, its journal and D-Bus: who wants a daemon enables it.
const FINISH: &str = r#"
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer logrotate.timer \
    systemd-tmpfiles-clean.timer console-getty.service getty.target getty-static.service getty@.service \
    serial-getty@.service container-getty@.service systemd-networkd-wait-online.service systemd-firstboot.service; do
    ln -sf /dev/null "$1/etc/systemd/system/$unit"
done
for unit in chrony etcd frr haproxy keepalived named named-resolvconf networking nftables openvswitch-switch \
    prometheus ssh ssh.socket uuidd.socket systemd-networkd systemd-networkd.socket systemd-resolved systemd-timesyncd; do
    chroot "$1" systemctl --quiet disable "$unit" 2>/dev/null || true
done
# Each host makes its own at its first boot.
: > "$1/etc/machine-id"
rm -f "$1/var/lib/dbus/machine-id" "$1"/etc/ssh/ssh_host_*
# What systemd would otherwise update at every first boot of every host.
chroot "$1" ldconfig
chroot "$1" journalctl --update-catalog
touch "$1/etc/.updated" "$1/var/.updated"
# It is there to check user data, not to run.
touch "$1/etc/cloud/cloud-init.disabled"
# The builder's own resolver and name have no meaning in a host.
: > "$1/etc/resolv.conf"
echo localhost > "$1/etc/hostname"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' > "$1/etc/hosts"
"#;

/// A complete root. Many read it at once, as the lower layer of their overlays: nobody may write to it.
#[derive(Clone, Debug)]
pub struct Root {
    path: PathBuf,
}

impl Root {
    /// Its `/`.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn recipe() -> Recipe<'static> {
    Recipe { packages: PACKAGES, finish: FINISH }
}

fn entry() -> Entry {
    Entry { what: "the root file system of Debian", stem: "root", lock: "debian", recipe: recipe().text() }
}

/// The root, if it was made before.
pub fn find(cache: &Cache) -> Result<Root, Error> {
    Ok(Root { path: cache.find(&entry())? })
}

/// The root, made now if it was not before: about a minute and 800 MB. Needs root and `mmdebstrap`.
pub fn ensure(cache: &Cache, progress: &mut Progress<'_>) -> Result<Root, Error> {
    let path = cache.ensure(&entry(), progress, |dir, log, progress| recipe().build(cache, dir, log, progress))?;
    Ok(Root { path })
}
