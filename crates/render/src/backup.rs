//! Snapshots of etcd: made, checked, encrypted, sent away and counted on each member.

use std::fmt::Write as _;

use plimsoll_formats::systemd;
use plimsoll_model::design::EtcdBackup;
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};

use crate::etcd::PKI;
use crate::text::{header, shell};
use crate::{File, Form, Hole, Tree};

/// The script.
pub(crate) const SCRIPT: &str = "/usr/local/sbin/plimsoll-etcd-backup";
const DIRECTORY: &str = "/etc/plimsoll/backup";
/// The key with which members log in at the store.
const LOGIN_KEY: &str = "ssh/backup";
/// The metrics, below the directory of the node exporter.
const METRICS: &str = "plimsoll_etcd_backup.prom";

/// Adds script, units, recipients and key of every member.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    let Some(backup) = &design.backup.etcd else { return };
    for (machine, member) in &design.etcd.member {
        tree.on_machine(machine, SCRIPT, script(design, backup, machine, &member.data_dir));
        let recipients: Vec<Hole> = design.access.recipients.iter().map(|path| Hole::file(path, Form::Text)).collect();
        let mut text = header(design, "#", "Who can read the snapshots", "age");
        for hole in &recipients {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{hole}");
        }
        let file = File::new("recipients of the snapshots", text).holes(&recipients);
        tree.on_machine(machine, &format!("{DIRECTORY}/recipients"), file);
        let key = Hole::text(&plimsoll_model::design::SecretRef(LOGIN_KEY.into()));
        let file = File::new("key for the store of the snapshots", format!("{key}\n")).mode(0o600).holes([&key]);
        tree.on_machine(machine, &format!("{DIRECTORY}/id_ed25519"), file);
        units(design, backup, tree, machine);
    }
}

fn script(design: &Design, backup: &EtcdBackup, machine: &Name, data_dir: &str) -> File {
    let what = format!("Makes a snapshot of etcd on {machine}, checks it, encrypts it and sends it to {}", backup.to);
    let head = header(design, "#", what, "plimsoll-etcd-backup.service");
    let endpoint = format!("https://127.0.0.1:{}", design.etcd.client_port);
    let mut text = format!(
        "#!/bin/sh\n{head}\
         set -eu\n\
         umask 077\n\
         directory={directory}\n\
         data={data}\n\
         keep={keep}\n\
         login={login}\n\
         remote={remote}\n\
         metrics={metrics}\n\
         config={DIRECTORY}\n\
         prefix=etcd-{machine}-\n\n",
        directory = shell(&backup.directory),
        data = shell(data_dir),
        keep = backup.keep,
        login = shell(&backup.login),
        remote = shell(&backup.remote_directory),
        metrics = shell(&format!("{}/{METRICS}", design.monitoring.textfile_directory)),
    );
    text.push_str(
        r#"mkdir -p "$directory"
name=$prefix$(date -u +%Y%m%dT%H%M%SZ)
# Inside the data directory, which the container of etcd and the host see under one path.
work=$(mktemp -d "$data/.snapshot.XXXXXX")
trap 'rm -rf "$work" "$directory/$name".*.part' EXIT
trap 'exit 1' HUP INT TERM

# The image of etcd holds etcdctl and etcdutl of exactly the server's version; where etcd is no container, the host does.
container=
if command -v crictl >/dev/null; then
	container=$(crictl ps --name '^etcd$' --state Running --quiet | head -n 1)
fi
run() {
	if [ -n "$container" ]; then crictl exec "$container" "$@"; else "$@"; fi
}

"#,
    );
    let _ = write!(
        text,
        "run etcdctl --endpoints={endpoint} --cacert={PKI}/ca.crt --cert={PKI}/healthcheck-client.crt \\\n\
         \t--key={PKI}/healthcheck-client.key snapshot save \"$work/etcd.db\"\n"
    );
    if backup.verify {
        text.push_str(
            "# `status` reads the whole file; only a restore compares its SHA-256.\n\
             run etcdutl snapshot status \"$work/etcd.db\" --write-out=table\n\
             run etcdutl snapshot restore \"$work/etcd.db\" --data-dir=\"$work/restored\"\n\
             rm -rf \"$work/restored\"\n",
        );
    }
    text.push('\n');
    if backup.with_pki {
        text.push_str(
            "# Without these keys the Secrets in the snapshot cannot be read and no node knows the cluster again.\n\
             set -- -C /etc kubernetes\n",
        );
    } else {
        text.push_str("set --\n");
    }
    text.push_str(
        r#"tar -C "$work" -cf "$work/all.tar" etcd.db "$@"
age --encrypt --recipients-file "$config/recipients" --output "$directory/$name.tar.age.part" "$work/all.tar"
mv "$directory/$name.tar.age.part" "$directory/$name.tar.age"
rm -rf "$work"

# Names sort by time: all but the newest go.
cd "$directory"
ls -1 | grep "^$prefix.*\.tar\.age$" | sort | head -n "-$keep" | while read -r old; do rm -f "$old"; done

# A half-sent file never has its final name. A store that shows another key than the first time is refused.
ask() {
	sftp -q -b - -i "$config/id_ed25519" -o IdentitiesOnly=yes -o ConnectTimeout=20 \
		-o UserKnownHostsFile="$config/known_hosts" -o StrictHostKeyChecking=accept-new "$login"
}
{
"#,
    );
    let mut path = String::new();
    for step in backup.remote_directory.split('/').filter(|step| !step.is_empty()) {
        if !path.is_empty() || backup.remote_directory.starts_with('/') {
            path.push('/');
        }
        path.push_str(step);
        let _ = writeln!(text, "\techo {}", shell(&format!("-mkdir {path}")));
    }
    text.push_str(
        r#"} | ask >/dev/null 2>&1 || true # the directory is there already, or the next lines fail too
{
	echo "cd $remote"
	echo "put $name.tar.age $name.tar.age.part"
	echo "rename $name.tar.age.part $name.tar.age"
} | ask >/dev/null
printf 'cd %s\nls -1 %s*.tar.age\n' "$remote" "$prefix" | ask | sed 's|.*/||' | grep "^$prefix.*\.tar\.age$" | sort |
	head -n "-$keep" | sed 's/^/rm /' >"$directory/.old"
if [ -s "$directory/.old" ]; then { echo "cd $remote"; cat "$directory/.old"; } | ask >/dev/null; fi
rm -f "$directory/.old"

mkdir -p "$(dirname "$metrics")"
cat >"$metrics.part" <<-END
	# HELP plimsoll_etcd_snapshot_timestamp_seconds When the last snapshot had arrived at the store.
	# TYPE plimsoll_etcd_snapshot_timestamp_seconds gauge
	plimsoll_etcd_snapshot_timestamp_seconds $(date +%s)
	# HELP plimsoll_etcd_snapshot_size_bytes Size of the last snapshot, encrypted.
	# TYPE plimsoll_etcd_snapshot_size_bytes gauge
	plimsoll_etcd_snapshot_size_bytes $(stat -c %s "$directory/$name.tar.age")
END
chmod 644 "$metrics.part"
mv "$metrics.part" "$metrics"
"#,
    );
    File::new("snapshot of etcd", text).mode(0o755)
}

/// Times of the day for `OnCalendar`, when the interval divides a day.
pub(crate) fn calendar(every: Millis, start: Millis) -> Option<Vec<String>> {
    let day = Millis::days(1).0;
    if every.0 == 0 || !day.is_multiple_of(every.0) {
        return None;
    }
    let first = start.0 % every.0;
    let times = (0..day / every.0).map(|index| (first + index * every.0) / 1000);
    Some(times.map(|s| format!("*-*-* {:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)).collect())
}

fn units(design: &Design, backup: &EtcdBackup, tree: &mut Tree, machine: &Name) {
    let service = systemd::Unit {
        sections: vec![
            systemd::Section::new(
                "Unit",
                [
                    ("Description", "Snapshot of etcd".to_owned()),
                    ("Wants", "network-online.target".to_owned()),
                    ("After", "network-online.target".to_owned()),
                ],
            ),
            systemd::Section::new(
                "Service",
                [
                    ("Type", "oneshot".to_owned()),
                    ("ExecStart", SCRIPT.to_owned()),
                    // It must not take disk or processor from etcd itself.
                    ("Nice", "10".to_owned()),
                    ("IOSchedulingClass", "idle".to_owned()),
                    // A store that hangs must not keep the next run from starting.
                    ("TimeoutStartSec", format!("{}s", backup.every.whole_secs().min(3600))),
                ],
            ),
        ],
    };
    let head = header(design, "#", format_args!("Snapshot of etcd on {machine}"), "systemd");
    let place = "/etc/systemd/system/plimsoll-etcd-backup.service";
    tree.on_machine(machine, place, File::new("snapshot of etcd", format!("{head}{service}")));

    let start = backup.start.get(machine).copied().unwrap_or_default();
    let mut lines = match calendar(backup.every, start) {
        Some(times) => times.into_iter().map(|time| ("OnCalendar", time)).collect(),
        None => vec![
            ("OnBootSec", format!("{}s", start.whole_secs().max(60))),
            ("OnUnitActiveSec", format!("{}s", backup.every.whole_secs())),
        ],
    };
    // A run that was missed while the machine was down is made up for.
    lines.push(("Persistent", "true".to_owned()));
    lines.push(("AccuracySec", "1s".to_owned()));
    let timer = systemd::Unit {
        sections: vec![
            systemd::Section::new("Unit", [("Description", "Snapshots of etcd".to_owned())]),
            systemd::Section::new("Timer", lines),
            systemd::Section::new("Install", [("WantedBy", "timers.target".to_owned())]),
        ],
    };
    let head = header(design, "#", format_args!("When {machine} makes a snapshot of etcd"), "systemd");
    let place = "/etc/systemd/system/plimsoll-etcd-backup.timer";
    tree.on_machine(machine, place, File::new("times of the snapshots", format!("{head}{timer}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_of_three_members_are_spread_over_the_interval() {
        let at = |hours| calendar(Millis::hours(6), Millis::hours(hours)).expect("divides a day").join(" ");
        assert_eq!(at(2), "*-*-* 02:00:00 *-*-* 08:00:00 *-*-* 14:00:00 *-*-* 20:00:00");
        assert_eq!(calendar(Millis::hours(7), Millis(0)), None);
    }
}
