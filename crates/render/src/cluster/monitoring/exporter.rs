//! What machines tell Prometheus beside what the node exporter finds by itself: the state of services, and the ends of
//! certificates.

use plimsoll_formats::systemd::{Section, Unit};
use plimsoll_model::design::Role;
use plimsoll_model::{Design, Name};

use crate::text::{header, shell};
use crate::{File, Tree};

/// The script that reads certificates.
const SCRIPT: &str = "/usr/local/sbin/plimsoll-certificates";

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let directory = &design.monitoring.textfile_directory;
    for name in design.machine.keys() {
        let what = "Which collectors the node exporter runs beside its own";
        // Alerts ask for the state of HAProxy, keepalived and BIND.
        let arguments = format!("--collector.systemd --collector.textfile.directory={}", shell(directory));
        let text = format!("{}ARGS=\"{arguments}\"\n", header(design, "#", what, "prometheus-node-exporter.service"));
        tree.on_machine(name, "/etc/default/prometheus-node-exporter", File::new(what, text));
    }
    for (name, _) in design.machines(Role::ControlPlane) {
        tree.on_machine(name, SCRIPT, script(design, directory));
        units(design, tree, name);
    }
}

fn script(design: &Design, directory: &str) -> File {
    let what = "Tells Prometheus when the certificates of kubeadm end";
    let head = header(design, "#", what, "plimsoll-certificates.service");
    let metrics = shell(&format!("{directory}/plimsoll_certificates.prom"));
    let text = format!(
        r#"#!/bin/sh
{head}set -eu
metrics={metrics}
# tell PATH: the end of the certificate on standard input.
tell() {{
	end=$(openssl x509 -noout -enddate) || return 0
	printf 'plimsoll_certificate_not_after_seconds{{path="%s"}} %s\n' "$1" "$(date -u -d "${{end#notAfter=}}" +%s)"
}}
mkdir -p "$(dirname "$metrics")"
{{
	echo '# HELP plimsoll_certificate_not_after_seconds When a certificate ends, in seconds since 1970.'
	echo '# TYPE plimsoll_certificate_not_after_seconds gauge'
	for file in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt; do
		[ -f "$file" ] || continue
		tell "$file" <"$file"
	done
	for file in /etc/kubernetes/admin.conf /etc/kubernetes/controller-manager.conf /etc/kubernetes/scheduler.conf; do
		[ -f "$file" ] || continue
		sed -n 's/.*client-certificate-data: *//p' "$file" | base64 -d | tell "$file"
	done
}} >"$metrics.part"
chmod 644 "$metrics.part"
mv "$metrics.part" "$metrics"
"#
    );
    File::new(what, text).mode(0o755)
}

fn units(design: &Design, tree: &mut Tree, machine: &Name) {
    let what = "Ends of certificates";
    let service = Unit {
        sections: vec![
            Section::new("Unit", [("Description", what.to_owned())]),
            Section::new("Service", [("Type", "oneshot".to_owned()), ("ExecStart", SCRIPT.to_owned())]),
        ],
    };
    let timer = Unit {
        sections: vec![
            Section::new("Unit", [("Description", what.to_owned())]),
            Section::new("Timer", [("OnCalendar", "hourly".to_owned()), ("Persistent", "true".to_owned())]),
            Section::new("Install", [("WantedBy", "timers.target".to_owned())]),
        ],
    };
    for (unit, ending) in [(service, "service"), (timer, "timer")] {
        let text = format!("{}{unit}", header(design, "#", what, "systemd"));
        tree.on_machine(machine, &format!("/etc/systemd/system/plimsoll-certificates.{ending}"), File::new(what, text));
    }
}
