//! Backups of etcd and the way back.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use plimsoll_model::Design;
use plimsoll_model::design::EtcdMember;

use super::commands;
use super::procedures::said;
use crate::nftables;
use crate::text::list;

pub(super) fn chapter(design: &Design) -> String {
    let Some(backup) = &design.backup.etcd else {
        return "No backup of etcd is planned: whoever loses the quorum for good loses the cluster.\n".into();
    };
    let start = backup.start.iter().map(|(machine, start)| match start.0 {
        0 => format!("{machine} at midnight"),
        _ => format!("{machine} {start} after midnight"),
    });
    let mut text = format!(
        "Each member makes a snapshot every {} ({}), keeps the last {}, and sends it to {} (`{}:{}`). It is encrypted to the \
         keys in {}; whoever restores needs one of the private keys.{}{}\n\n",
        backup.every,
        list(start),
        backup.keep,
        backup.to,
        backup.login,
        backup.remote_directory,
        list(design.access.recipients.iter().map(|path| format!("`{path}`"))),
        backup.rpo.map(|rpo| format!(" Largest acceptable loss: {rpo}.")).unwrap_or_default(),
        backup.restore_test.map(|every| format!(" A restore is to be tried every {every}.")).unwrap_or_default(),
    );
    let _ = write!(
        text,
        "- The account at the store must accept the public half of `/etc/plimsoll/backup/id_ed25519` (`ssh-keygen -y -f` prints it) and allow SFTP; nothing more is \
         needed.\n- A snapshot by hand, before every upgrade: `systemctl start plimsoll-etcd-backup`, then `journalctl -u \
         plimsoll-etcd-backup`.\n- Age of the last one: metric `plimsoll_etcd_snapshot_timestamp_seconds`.\n"
    );
    for (name, volume) in &design.backup.volume {
        let _ = writeln!(
            text,
            "- Volumes, job {name}: every {}, {} kept, to {}, of pools {}.",
            volume.every,
            volume.keep,
            volume.to,
            list(&volume.pools)
        );
    }
    let _ = write!(text, "\n{}", steps(design));
    text
}

/// From where SSH is let in, since a machine with a private key may stand elsewhere.
fn administrators(design: &Design) -> String {
    let from: BTreeSet<String> = nftables::administration(design, "control-plane").map(said).collect();
    if from.is_empty() { String::new() } else { format!(" (they answer SSH only from {})", list(from)) }
}

/// The command sequence that restores etcd.
pub(super) fn steps(design: &Design) -> String {
    let Some(backup) = &design.backup.etcd else { return String::new() };
    let etcd = &design.etcd;
    let members: Vec<String> = etcd.member.keys().map(ToString::to_string).collect();
    let url = |member: &EtcdMember| format!("https://{}", std::net::SocketAddr::new(member.address, etcd.peer_port));
    let cluster: Vec<String> = etcd.member.iter().map(|(name, member)| format!("{name}={}", url(member))).collect();
    let first = members.first().cloned().unwrap_or_default();
    let mut text = String::from(
        "Restore only when the quorum is lost for good, or when data were destroyed: one lost member of three is replaced, not \
         restored (see \"When something fails\"). What was written after the snapshot is lost. All members restore from the same \
         file.\n\n",
    );
    let _ =
        writeln!(text, "1. Stop the control plane on every member ({}), so that nobody writes:\n", members.join(", "));
    text.push_str(&commands(&[
        "mkdir -p /root/manifests && mv /etc/kubernetes/manifests/*.yaml /root/manifests/".into(),
        "until [ -z \"$(crictl ps --name 'etcd|kube-apiserver' --quiet)\" ]; do sleep 1; done".into(),
    ]));
    let _ = writeln!(
        text,
        "\n2. Take the newest snapshot of any member, on a machine that has a private key of the recipients, and lay it on every member \
         as `/root/restore/etcd.db`{}:\n",
        administrators(design)
    );
    let mut fetch = vec![
        format!("sftp {}:{}/ <<< 'ls -1'", backup.login, backup.remote_directory),
        format!("sftp {}:{}/SNAPSHOT.tar.age .", backup.login, backup.remote_directory),
        "umask 077; mkdir restore && age --decrypt --identity KEY SNAPSHOT.tar.age | tar -C restore -xf -".into(),
    ];
    // Nobody logs in as root, and in a disaster names may not resolve.
    fetch.extend(etcd.member.values().map(|member| {
        format!("tar -C restore -cf - . | ssh {}@{} 'sudo sh -c \"umask 077; mkdir -p /root/restore && tar -C /root/restore -xf -\"'", design.access.user, member.address)
    }));
    text.push_str(&commands(&fetch));
    if backup.with_pki {
        let _ = writeln!(
            text,
            "\n   Where `/etc/kubernetes` is gone too, the archive of that member has it: `cp -a restore/kubernetes/. /etc/kubernetes/` \
             (each member's archive holds its own certificates; the authorities are the same on all)."
        );
    }
    let _ = writeln!(
        text,
        "\n3. On each member, with an `etcdutl` of the server's own version ({}), put the old data aside and restore. The image of etcd, which \
         is there already, has it: `ctr -n k8s.io images mount \"$(ctr -n k8s.io images ls -q | grep -m 1 '/etcd:')\" /mnt && \
         PATH=$PATH:/mnt/usr/local/bin`.\n",
        design.version.get(&plimsoll_model::Name::from("etcd")).map_or("see `crictl images`", String::as_str)
    );
    for (name, member) in &etcd.member {
        let data = &member.data_dir;
        text.push_str(&commands(&[
            format!("# on {name}"),
            format!("mkdir -p {data}.old && mv {data}/member {data}.old/"),
            format!("etcdutl snapshot restore /root/restore/etcd.db --name={name} \\"),
            format!("  --initial-cluster={} \\", cluster.join(",")),
            format!("  --initial-cluster-token={}-restored \\", design.cluster),
            format!("  --initial-advertise-peer-urls={} \\", url(member)),
            "  --bump-revision=1000000000 --mark-compacted \\".into(),
            format!("  --data-dir={data}/restored"),
            format!("mv {data}/restored/member {data}/ && rmdir {data}/restored && chmod 700 {data}"),
        ]));
        text.push('\n');
    }
    text.push_str(
        "   The revision is raised and everything older marked as compacted, so that controllers which had seen newer revisions read \
         everything again instead of trusting what they remember.\n\n4. Start etcd on all members first, then the rest:\n\n",
    );
    text.push_str(&commands(&[
        "mv /root/manifests/etcd.yaml /etc/kubernetes/manifests/".into(),
        format!("# on {first}, until every member is healthy:"),
        format!(
            "crictl exec $(crictl ps --name '^etcd$' -q) etcdctl --endpoints=https://127.0.0.1:{} --cacert={pki}/ca.crt \\",
            etcd.client_port,
            pki = crate::etcd::PKI
        ),
        format!("  --cert={pki}/healthcheck-client.crt --key={pki}/healthcheck-client.key endpoint health --cluster", pki = crate::etcd::PKI),
        "mv /root/manifests/*.yaml /etc/kubernetes/manifests/".into(),
        "systemctl restart kubelet".into(),
    ]));
    let _ = writeln!(
        text,
        "\n5. Restart the kubelet on every other node too (`systemctl restart kubelet`), then look at `kubectl get nodes`, at pods that \
         the snapshot knows and the nodes do not, and at volumes.\n\n6. Keep `*.old` until the cluster is known to be well, then remove \
         it."
    );
    text
}
