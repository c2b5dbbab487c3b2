//! Every file that is rendered is accepted by the program that will read it, its holes filled from a throw-away store.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_accept::objects::Objects;
use plimsoll_accept::{File, Files, Host, Program, Sandbox, accept_hosts, kubeadm};
use plimsoll_keys::{SystemEntropy, files_for, fill, throwaway};
use plimsoll_model::Design;
use plimsoll_render::{Tree, render};

fn design() -> Design {
    serde_json::from_str(include_str!("../../resolve/tests/golden/campus.json")).unwrap()
}

/// Public files of the person: one SSH key, one recipient of age.
#[allow(clippy::unnecessary_wraps)] // the signature is that of a reader of files
fn public(path: &str) -> Result<String, String> {
    match path {
        "./keys/admins.pub" => {
            Ok("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE ops@example.edu\n"
                .into())
        }
        _ => Ok("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n".into()),
    }
}

/// Every host and machine with its files as they will lie there.
fn hosts(design: &Design, tree: &Tree) -> Vec<Host> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let store = throwaway(design, &tree.secrets(), now, &mut SystemEntropy).unwrap();
    let filled = fill(tree, &store, public).unwrap();
    let one = |kind: &str, name: &str| {
        let prefix = format!("{kind}/{name}/");
        let mut files = Files::new();
        for (path, file) in tree.iter() {
            let Some(place) = path.strip_prefix(&prefix) else { continue };
            let text = filled.get(path).map_or_else(|| file.text(), |file| file.content.expose().to_owned());
            // Daemons of the sandbox run as users that it has: what only root may read, they read as root.
            files.insert(format!("/{place}"), File { bytes: text.into_bytes(), mode: file.mode });
        }
        for file in files_for(design, &store, name) {
            files.insert(&file.path, File { bytes: file.content.expose().into(), mode: file.mode });
        }
        Host { name: name.to_owned(), files }
    };
    let machines = design.machine.keys().map(|name| one("machines", name.as_str()));
    let bare = design.host.keys().map(|name| one("hosts", name.as_str()));
    machines.chain(bare).collect()
}

#[test]
fn every_program_accepts_what_it_will_read() {
    let design = design();
    let tree = render(&design);
    let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
    let mut all = hosts(&design, &tree);
    // What others will run, at the place where it would lie there.
    for (path, file) in tree.iter().filter(|(path, _)| path.starts_with("gateways/") && path.ends_with(".frr.conf")) {
        let files = Files::from([("/etc/frr/frr.conf", file.text().as_str())]);
        all.push(Host { name: path.to_owned(), files });
    }
    // Cloud-init reads them from the drive that Proxmox VE makes of its snippets.
    for (path, file) in tree.iter().filter(|(path, _)| path.ends_with("-user.yaml")) {
        let text = file.text().replace("<plimsoll:file ./keys/admins.pub items-2>", "\"ssh-ed25519 AAAA ops\"");
        let files = Files::from([("/var/lib/cloud/seed/nocloud/user-data", text.as_str())]);
        all.push(Host { name: path.to_owned(), files });
    }
    all.push(prometheus(&tree));
    let verdicts = accept_hosts(&sandbox, &all).unwrap_or_else(|error| panic!("{error}"));
    let reads = |program: &Program| {
        all.iter().any(|host| host.files.iter().any(|(path, file)| program.reads(path, &file.bytes)))
    };
    let asked: BTreeSet<Program> = Program::ALL.into_iter().filter(reads).collect();
    for program in [
        Program::Chronyd,
        Program::CloudInit,
        Program::Frr,
        Program::Haproxy,
        Program::Ifupdown2,
        Program::Keepalived,
        Program::Named,
        Program::Netplan,
        Program::Networkd,
        Program::Nft,
        Program::PromtoolConfig,
        Program::PromtoolRules,
        Program::Shell,
        Program::Sysctl,
        Program::SystemdAnalyze,
    ] {
        assert!(asked.contains(&program), "{program:?} was asked nothing");
    }
    let rejected: Vec<String> = verdicts.iter().filter(|host| !host.accepted()).map(ToString::to_string).collect();
    assert!(rejected.is_empty(), "{}", rejected.join("\n"));
}

/// The example with a pair of machines that balance instead of the control plane.
fn with_balancers() -> Design {
    let machines = "  lb-1..2: { role: balancer, host: pve-5..6, networks: [kube] }\n  ns-1..2: {";
    let text = include_str!("../../../examples/campus/cluster.yaml");
    let text = text.replacen("balancer: stacked", "balancer: dedicated", 1).replacen("  ns-1..2: {", machines, 1);
    let mut sources = plimsoll_diagnostics::Sources::new();
    let id = sources.add("cluster.yaml", text);
    let spec = plimsoll_spec::read(id, &sources).0.expect("a file");
    let resolved = plimsoll_resolve::resolve(&spec, &plimsoll_resolve::Lock::new());
    resolved.design.unwrap_or_else(|| panic!("{:?}", resolved.diagnostics))
}

#[test]
fn balancers_of_their_own_have_what_they_read_and_the_control_plane_has_it_no_more() {
    let design = with_balancers();
    let mut all = hosts(&design, &render(&design));
    all.retain(|host| ["lb-1", "lb-2", "cp-1"].contains(&host.name.as_str()));
    let of_balancers = ["/etc/haproxy/haproxy.cfg", "/etc/keepalived/keepalived.conf", "/etc/keepalived/check-api"];
    for host in &all {
        let has = |path: &str| host.files.iter().any(|(found, _)| found == std::path::Path::new(path));
        let balances = host.name != "cp-1";
        assert!(of_balancers.iter().all(|path| has(path) == balances), "{}", host.name);
        // The authority's certificate, to check servers with, and no key of it.
        assert!(has("/etc/kubernetes/pki/ca.crt") && has("/etc/kubernetes/pki/ca.key") != balances, "{}", host.name);
        assert!(has("/etc/nftables.conf") && has("/etc/netplan/50-cloud-init.yaml"), "{}", host.name);
    }
    let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
    let verdicts = accept_hosts(&sandbox, &all).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(verdicts.len(), 3);
    let rejected: Vec<String> = verdicts.iter().filter(|host| !host.accepted()).map(ToString::to_string).collect();
    assert!(rejected.is_empty(), "{}", rejected.join("\n"));
}

/// Where Prometheus runs: in a pod, whose token and authority Kubernetes puts there.
fn prometheus(tree: &Tree) -> Host {
    let mut files = Files::from([
        ("/var/run/secrets/kubernetes.io/serviceaccount/token", "token\n"),
        ("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt", ""),
    ]);
    for (path, file) in tree.iter() {
        if let Some(place) = path.strip_prefix("cluster/prometheus/") {
            files.insert(format!("/etc/prometheus/{place}"), File::new(file.text()));
        }
    }
    Host { name: "prometheus".to_owned(), files }
}

/// Written past the test harness, which shows nothing of a test that passes.
fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[test]
fn every_supported_kubernetes_accepts_the_objects() {
    let tree = render(&design());
    let is_object = |path: &str| {
        path.strip_prefix("cluster/")
            .is_some_and(|name| !name.contains('/') && name.split_once('.').is_some_and(|(_, ending)| ending == "yaml"))
    };
    let files: Files =
        tree.iter().filter(|(path, _)| is_object(path)).map(|(path, file)| (format!("/{path}"), file.text())).collect();
    let objects = Objects::open().unwrap_or_else(|error| panic!("{error}"));
    let judgement = objects.judge(&files).unwrap_or_else(|error| panic!("{error}"));
    assert!(judgement.accepted(), "{judgement}");
    assert!(judgement.judged.len() > 30, "{judgement}");
    if objects.crds().is_none() {
        tell(
            "LEFT OUT: custom resources are not checked, there are no definitions: set PLIMSOLL_CRDS to a directory\n",
        );
    }
    let left: BTreeSet<&str> = judgement.left_out.iter().map(|left| left.object.as_str()).collect();
    tell(&format!("{} objects judged; not or not wholly: {left:?}\n", judgement.judged.len()));

    let path = "/cluster/50-tenant-alice.yaml";
    let mut broken = Files::new();
    broken.insert(path, File::new(files.text(path).unwrap().replacen("policyTypes", "policyType", 1)));
    let judgement = objects.judge(&broken).unwrap_or_else(|error| panic!("{error}"));
    assert!(!judgement.accepted(), "{judgement}");
}

#[test]
fn kubeadm_accepts_what_each_machine_gives_it() {
    let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
    if !kubeadm::is_available() {
        tell(
            "LEFT OUT: kubeadm does not read the rendered files, it is not there: install Go 1.26, then `cargo xtask set-up`\n",
        );
        return;
    }
    let design = design();
    let all = hosts(&design, &render(&design));
    let mut seen = 0;
    for host in &all {
        for place in ["kubeadm.yaml", "kubeadm-join.yaml"] {
            let Some(text) = host.files.text(&format!("/etc/kubernetes/{place}")) else { continue };
            let verdict = kubeadm::accepts(&sandbox, text.clone()).unwrap();
            assert!(verdict.accepted, "{} {place}: {verdict}", host.name);
            let broken =
                kubeadm::accepts(&sandbox, text.replacen("nodeRegistration:", "nodeRegistratoin:", 1)).unwrap();
            assert!(!broken.accepted, "{} {place}: {broken}", host.name);
            seen += 1;
        }
    }
    assert_eq!(seen, design.nodes().count() + 1, "each node joins, one begins");

    let first = all.iter().find(|host| host.files.text("/etc/kubernetes/kubeadm.yaml").is_some()).unwrap();
    let run = kubeadm::etcd_manifest(&sandbox, &first.files).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let flags: Vec<&str> = run.stdout.lines().filter(|line| line.contains("--listen-metrics-urls")).collect();
    let own = design.etcd.member[&first.name.as_str().into()].address;
    let flag = format!("--listen-metrics-urls=http://127.0.0.1:2381,http://{own}:2381");
    assert!(flags.iter().any(|line| line.ends_with(&flag)), "{}", run.stdout);
    let probes = run.stdout.lines().filter(|line| line.trim() == "host: 127.0.0.1").count();
    assert_eq!(probes, 3, "probes stay where the metrics are told too: {}", run.stdout);
}
