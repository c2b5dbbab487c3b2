//! Copies that editors, package managers and people leave beside the files that programs read.

/// Endings of copies, as they stand behind the name of the real file.
///
/// dpkg(1) and ucf(1) leave `.dpkg-old`, `.dpkg-dist`, `.ucf-old` …, rpm(8) `.rpmsave`, `.rpmnew` and `.rpmorig`; the
/// others come from editors and from people.
const ENDINGS: [&str; 6] = [".bak", ".old", ".orig", ".save", ".swp", "~"];

/// Beginnings of the last part of a name behind its dot.
const LAST_PARTS: [&str; 3] = ["dpkg-", "ucf-", "rpm"];

/// The path without the ending of a copy; `None` when it has none.
pub fn without_ending(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    if let Some(ending) = ENDINGS.iter().find(|ending| lower.ends_with(**ending) && lower.len() > ending.len()) {
        return Some(&path[..path.len() - ending.len()]);
    }
    let (whole, last) = path.rsplit_once('.').filter(|_| name.contains('.'))?;
    let last = last.to_ascii_lowercase();
    LAST_PARTS.iter().any(|part| last.starts_with(part) && last.len() > part.len()).then_some(whole)
}

/// Whether no program reads a file below `root`: a copy, the pending interfaces of Proxmox VE, or what kubeadm keeps of
/// earlier versions in `/etc/kubernetes/tmp`. Whoever names such a folder as `root` wants it read.
pub fn is_left_over(path: &str, root: &str) -> bool {
    let backup_of_kubeadm = |path: &str| format!("/{path}/").contains("/kubernetes/tmp/");
    let pending = path.ends_with("network/interfaces.new");
    without_ending(path).is_some() || pending || (backup_of_kubeadm(path) && !backup_of_kubeadm(root))
}

/// Whether the kubelet starts a static pod of it all the same: it reads every file of its folder whose name begins with
/// no dot, whatever the ending (Kubernetes documentation, Create static Pods).
pub fn is_read_by_kubelet(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(folder, name)| {
        !name.starts_with('.') && (folder.ends_with("kubernetes/manifests") || folder == "manifests")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_told_by_their_names() {
        for path in [
            "cp-1/etc/keepalived/keepalived.conf.bak",
            "cp-1/etc/keepalived/keepalived.conf~",
            "cp-1/etc/haproxy/haproxy.cfg.dpkg-old",
            "cp-1/etc/haproxy/haproxy.cfg.DPKG-dist",
            "a.cfg.ucf-dist",
            "a.cfg.rpmsave",
            "a.cfg.rpmnew",
            ".a.cfg.swp",
            "a.orig",
            "a.save",
            "a.old",
            "pve-1/etc/network/interfaces.new",
            "cp-1/etc/kubernetes/tmp/kubeadm-backup-manifests-2026-01-01-10-00-00/etcd.yaml",
            "kubernetes/tmp/x/etcd.yaml",
        ] {
            assert!(is_left_over(path, "cp-1"), "{path}");
        }
        for path in [
            "cp-1/etc/keepalived/keepalived.conf",
            "etc/bind/db.old.example.edu",
            "a.rpm",
            "etc/haproxy/new.cfg",
            "srv/kubernetes/tmpl/a.yaml",
            "old/haproxy.cfg",
            ".bak",
            "~",
            "",
        ] {
            assert!(!is_left_over(path, "cp-1"), "{path}");
        }
    }

    #[test]
    fn a_folder_of_backups_is_read_when_it_is_asked_for() {
        let root = "etc/kubernetes/tmp/kubeadm-backup-manifests-1";
        assert!(!is_left_over(&format!("{root}/etcd.yaml"), root));
        assert!(is_left_over(&format!("{root}/etcd.yaml.bak"), root));
        assert!(is_left_over("etc/kubernetes/tmp/a/etcd.yaml", "etc/kubernetes"));
    }

    #[test]
    fn the_real_name_stands_before_the_ending() {
        assert_eq!(without_ending("a/haproxy.cfg.dpkg-old"), Some("a/haproxy.cfg"));
        assert_eq!(without_ending("a/haproxy.cfg~"), Some("a/haproxy.cfg"));
        assert_eq!(without_ending("a.b/haproxy"), None);
    }

    #[test]
    fn the_kubelet_reads_copies_too() {
        assert!(is_read_by_kubelet("cp-1/etc/kubernetes/manifests/etcd.yaml.bak"));
        assert!(!is_read_by_kubelet("cp-1/etc/kubernetes/manifests/.etcd.yaml.swp"));
        assert!(!is_read_by_kubelet("cp-1/etc/kubernetes/etcd.yaml.bak"));
    }
}
