//! A kernel as distributions ship it, with bonding, VLANs and bridges, and an initramfs that holds ifupdown2: what a
//! virtual machine needs to show the meaning of `/etc/network/interfaces`, where the machine's own kernel lacks them.

use std::fs;
use std::path::PathBuf;

use crate::cache::{Cache, Entry};
use crate::debian::Recipe;
use crate::{Error, Progress};

/// Packages beside the minimal system, sorted. `cpio` makes the initramfs itself.
const PACKAGES: &[&str] = &["bridge-utils", "cpio", "ifupdown2", "iproute2", "iputils-ping", "kmod"];

/// Puts the kernel and the initramfs beside the root. The initramfs is not compressed: unpacking is the slow part of a
/// boot without hardware virtualisation.
const FINISH: &str = r#"
cd "$1"
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
image=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
mkdir kernel
(cd kernel && apt-get --quiet=2 -o APT::Sandbox::User=root download "$image" && dpkg-deb --extract ./*.deb .)
mv kernel/boot/vmlinuz-* ../vmlinuz
modules=$(find kernel -type d -path '*/modules/*' -name '*-cloud-amd64' -print -quit)
release=${modules##*/}
mkdir -p "usr/lib/modules/$release/kernel/drivers/net"
cp "$modules"/modules.builtin* "$modules"/modules.order "usr/lib/modules/$release/"
for part in net lib crypto drivers/virtio drivers/net/bonding drivers/net/virtio_net.ko.xz drivers/net/net_failover.ko.xz; do
    [ ! -e "$modules/kernel/$part" ] || cp -r "$modules/kernel/$part" "usr/lib/modules/$release/kernel/${part%/*}/"
done
rm -rf kernel
chroot . depmod "$release"
rm -rf var/lib/apt/lists var/lib/dpkg/info usr/share/zoneinfo usr/share/perl5 usr/lib/x86_64-linux-gnu/perl-base \
    usr/lib/python3*/test usr/lib/python3*/ensurepip usr/lib/python3*/idlelib usr/lib/apt usr/lib/x86_64-linux-gnu/libapt* \
    usr/bin/perl* usr/share/common-licenses usr/lib/x86_64-linux-gnu/gconv
# The packages are mounted below var/cache.
find . ! -path './var/cache/*' ! -path './proc/*' ! -path './sys/*' -print0 |
    chroot . cpio --quiet --null --create --format=newc >../initrd
"#;

/// What a virtual machine boots.
#[derive(Clone, Debug)]
pub struct Guest {
    path: PathBuf,
}

impl Guest {
    /// Directory of `vmlinuz` and `initrd`, an uncompressed newc archive without an `init`: who boots it appends one.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}

fn recipe() -> Recipe<'static> {
    Recipe { packages: PACKAGES, finish: FINISH }
}

fn entry() -> Entry {
    Entry {
        what: "the kernel and initramfs of the virtual machine",
        stem: "guest",
        lock: "debian",
        recipe: recipe().text(),
    }
}

/// The kernel and initramfs, if they were made before.
pub fn find(cache: &Cache) -> Result<Guest, Error> {
    Ok(Guest { path: cache.find(&entry())? })
}

/// The kernel and initramfs, made now if they were not before: half a minute and 150 MB. Needs root and `mmdebstrap`.
pub fn ensure(cache: &Cache, progress: &mut Progress<'_>) -> Result<Guest, Error> {
    let path = cache.ensure(&entry(), progress, |dir, log, progress| {
        let root = dir.join("root");
        fs::create_dir(&root).map_err(Error::io("make", &root))?;
        recipe().build(cache, &root, log, progress)?;
        fs::remove_dir_all(&root).map_err(Error::io("remove", &root))
    })?;
    Ok(Guest { path })
}
