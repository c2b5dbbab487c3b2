//! Tenants, backups, monitoring, access, objectives and assumptions.

use plimsoll_diagnostics::{Diagnostic, Spanned};
use plimsoll_model::design::{
    Access, Assumptions, Backups, CommonCause, EtcdBackup, External, Kubelet, LimitRange, Machine, MaintenanceWindows,
    Monitoring, Objectives, PriorityClass, Reach, Role, Tenant, VolumeBackup,
};
use plimsoll_model::range::TimeRange;
use plimsoll_model::units::{Bytes, MilliCpu, Millis};
use plimsoll_model::{Map, Name};
use plimsoll_spec::Opt;
use plimsoll_spec::promises::{Assume, RepairTimes};
use plimsoll_spec::scalars;
use plimsoll_spec::services::{self, Often, With};

use crate::cx::{At, Cx, error, sorted};
use crate::expand::name;

/// Priority class of tenants' pods.
const TENANT_CLASS: &str = "tenant";

pub(crate) fn tenants(cx: &Cx<'_>, machines: &Map<Machine>, kubelet: &Kubelet) -> Map<Tenant> {
    // The largest container that any worker could hold.
    let reserved = |pick: fn(&plimsoll_model::design::KubeReserved) -> u64| -> u64 {
        [&kubelet.kube_reserved, &kubelet.system_reserved].into_iter().flatten().map(pick).fold(0, u64::saturating_add)
    };
    let workers = || machines.values().filter(|machine| machine.role == Role::Worker);
    let cpu = workers().map(|machine| u64::from(machine.cpu) * 1000).max().unwrap_or(1000);
    let most_cpu = MilliCpu(cpu.saturating_sub(reserved(|kept| kept.cpu.0)).max(100));
    let memory = workers().map(|machine| machine.memory).max().unwrap_or(Bytes::gib(1));
    let most_memory = memory.saturating_sub(Bytes(reserved(|kept| kept.memory.0)));
    let mut tenants = Map::new();
    for (word, spec) in &cx.spec.tenants {
        let at = cx.at(format!("tenant/{word}"));
        at.here(word.span, false);
        if let Some(other) = spec.namespaces.iter().find(|namespace| namespace.value != word.value) {
            let problem = error("not-yet", "`namespaces` is understood but not built yet", other.span, "");
            cx.say(problem.help("make each namespace a tenant of its own"));
        }
        let quota_cpu = at.written("cpu", &spec.cpu);
        let quota_memory = at.written("memory", &spec.memory);
        let limits = at.child("limits");
        let path = format!("tenant/{word}");
        let max_cpu = limits.derived("max_cpu", quota_cpu.min(most_cpu), &[&format!("{path}/cpu"), "machine"]);
        let max_memory =
            limits.derived("max_memory", quota_memory.min(most_memory), &[&format!("{path}/memory"), "machine"]);
        for (field, most, over) in [
            ("cpu", max_cpu.to_string(), spec.default_cpu.as_ref().filter(|it| it.value > max_cpu).map(|it| it.span)),
            (
                "memory",
                max_memory.to_string(),
                spec.default_memory.as_ref().filter(|it| it.value > max_memory).map(|it| it.span),
            ),
        ] {
            let Some(span) = over else { continue };
            let quota = if field == "cpu" { quota_cpu == max_cpu } else { quota_memory == max_memory };
            let why = if quota { "its quota is" } else { "the largest worker can give" };
            let message = format!("no container of `{word}` can have `default_{field}`");
            let problem = error("wrong-value", message, span, format!("{why} {most}"));
            cx.say(
                problem.help(format!(
                    "write {most} or less, or {}",
                    if quota { "a larger quota" } else { "larger workers" }
                )),
            );
        }
        let default_cpu = limits.or("default_cpu", spec.default_cpu.as_ref(), &cx.edition.default_cpu).min(max_cpu);
        let default_memory =
            limits.or("default_memory", spec.default_memory.as_ref(), &cx.edition.default_memory).min(max_memory);
        let design = Tenant {
            cpu: quota_cpu,
            memory: quota_memory,
            storage: spec
                .storage
                .iter()
                .map(|(pool, bytes)| (name(pool), at.written(&format!("storage/{pool}"), bytes)))
                .collect(),
            pods: at.or("pods", spec.pods.as_ref(), &cx.edition.tenant_pods),
            load_balancers: at.or("load_balancers", spec.load_balancers.as_ref(), &cx.edition.tenant_load_balancers),
            limits: LimitRange {
                request_cpu: limits.chosen(
                    "request_cpu",
                    MilliCpu((default_cpu.0 / 5).max(1)),
                    "a fifth of the limit: most containers idle",
                ),
                request_memory: limits.chosen(
                    "request_memory",
                    default_memory,
                    "the limit: memory cannot be taken back",
                ),
                default_cpu,
                default_memory,
                max_cpu,
                max_memory,
            },
            admins: at.chosen("admins", format!("{word}-admins"), "named after the tenant"),
            priority_class: at.chosen("priority_class", TENANT_CLASS.into(), "tenants are alike"),
            users: sorted(&spec.users)
                .iter()
                .enumerate()
                .map(|(index, user)| at.written(&format!("users/{index}"), user))
                .collect(),
            regulated: at.or_chosen("regulated", spec.regulated.as_ref(), false, "nobody said so"),
            from: reach(&at, "from", &spec.from),
            to: reach(&at, "to", &spec.to),
        };
        tenants.insert(name(word), design);
    }
    tenants
}

/// The other sides of a tenant's connections; none unless it is said.
fn reach(at: &At<'_, '_>, field: &str, written: &[Spanned<scalars::Reach>]) -> Vec<Reach> {
    at.chosen_unless(field, written.is_empty(), "a tenant is closed until somebody says otherwise");
    let known = |word: &scalars::Reach| match word {
        scalars::Reach::Any => Reach::Any,
        scalars::Reach::Internet => Reach::Internet,
        scalars::Reach::Prefix(prefix) => Reach::Prefix(prefix.0),
        scalars::Reach::Namespace(word) => Reach::Namespace(name(word)),
    };
    let sorted = sorted(written);
    sorted.iter().enumerate().map(|(index, word)| known(&at.written(&format!("{field}/{index}"), word))).collect()
}

pub(crate) fn priority_classes(cx: &Cx<'_>) -> Map<PriorityClass> {
    let mut classes = Map::new();
    if !cx.spec.tenants.is_empty() {
        cx.at(format!("priority_class/{TENANT_CLASS}")).chosen(
            "",
            (),
            "tenants rank alike, and below the services of the cluster",
        );
        let class = PriorityClass { value: 1000, default: false, description: "Workloads of tenants".into() };
        classes.insert(TENANT_CLASS.into(), class);
    }
    classes
}

pub(crate) fn backups(cx: &Cx<'_>, externals: &Map<External>, machines: &Map<Machine>) -> Backups {
    let at = cx.at("backup");
    let spec = cx.spec.backups.as_ref();
    let etcd = spec.and_then(|backups| backups.etcd.as_ref());
    at.chosen_unless("etcd", etcd.is_none(), "nobody asked for it");
    let mut volume = Map::new();
    if let Some(job) = spec.and_then(|backups| backups.volumes.as_ref()) {
        let at = at.child("volume/volumes");
        let every = at.written("every", &job.every);
        let written = sorted(&job.pools);
        let pools = written.iter().enumerate();
        let of_ceph =
            cx.spec.storage.iter().filter_map(|storage| storage.ceph.as_ref()).flat_map(|ceph| ceph.pools.keys());
        let design = VolumeBackup {
            every,
            keep: at.written("keep", &job.keep),
            to: name(&at.written("to", &job.to)),
            pools: if job.pools.is_empty() {
                at.chosen(
                    "pools",
                    of_ceph.map(|pool| name(pool)).collect::<std::collections::BTreeSet<_>>().into_iter().collect(),
                    "all of them",
                )
            } else {
                pools.map(|(index, pool)| name(&at.written(&format!("pools/{index}"), pool))).collect()
            },
            encrypted: at.stated("encrypted", &job.encrypted),
        };
        volume.insert("volumes".into(), design);
    }
    at.chosen_unless("volume", volume.is_empty(), "nobody asked for it");
    Backups { etcd: etcd.and_then(|job| etcd_backup(cx, &at.child("etcd"), job, externals, machines)), volume }
}

fn etcd_backup(
    cx: &Cx<'_>,
    at: &At<'_, '_>,
    spec: &services::EtcdBackup,
    externals: &Map<External>,
    machines: &Map<Machine>,
) -> Option<EtcdBackup> {
    let to = name(&at.written("to", &spec.to));
    let external = externals.get(&to)?;
    let every = at.written("every", &spec.every);
    if every.0 == 0 {
        cx.say(error("wrong-value", "`every` cannot be 0", spec.every.span, ""));
        return None;
    }
    let cluster = &cx.spec.cluster.value;
    let sftp = external.url.as_deref().and_then(|url| url.strip_prefix("sftp://"));
    let (login, directory) = match (sftp, external.addresses.first().or_else(|| external.address.values().next())) {
        (Some(rest), _) => {
            let (account, directory) = rest.split_once('/').unwrap_or((rest, ""));
            let account = if account.contains('@') { account.to_owned() } else { format!("plimsoll@{account}") };
            let directory = directory.trim_matches('/');
            (
                account,
                if directory.is_empty() { format!("{cluster}/etcd") } else { format!("{directory}/{cluster}/etcd") },
            )
        }
        (None, Some(address)) => (format!("plimsoll@{address}"), format!("{cluster}/etcd")),
        (None, None) => {
            let problem = Diagnostic::error(format!("nobody knows where `{to}` takes snapshots")).code("missing-key");
            let problem = problem.at(spec.to.span, "snapshots go there by SFTP");
            cx.say(problem.help("give it `address:`, or `url: \"sftp://user@host/directory\"`"));
            return None;
        }
    };
    let members: Vec<&Name> =
        machines.iter().filter(|(_, machine)| machine.role == Role::ControlPlane).map(|(name, _)| name).collect();
    // Within one day at most: a timer of the day starts it.
    let share = every.0.min(Millis::days(1).0) / (members.len() as u64).max(1);
    let minute = Millis::minutes(1).0;
    let start = members
        .iter()
        .enumerate()
        .map(|(index, member)| ((*member).clone(), Millis(share * index as u64 / minute * minute)))
        .collect();
    let path = format!("external/{to}");
    let restore = spec.restore_test.as_ref().map(|often| at.written("restore_test", often));
    let restore_test = match restore {
        Some(Often::Weekly) => Some(Millis::days(7)),
        Some(Often::Monthly) => Some(Millis::days(30)),
        Some(Often::Quarterly) => Some(Millis::days(91)),
        Some(Often::Never) => None,
        None => at.chosen("restore_test", None, "nobody said so"),
    };
    let with = spec.with.as_ref().map(|with| at.written("with_pki", with) == With::Pki);
    let last = at.stated("last_restore_test", &spec.last_restore_test);
    let last = last.map(|day| plimsoll_model::design::Date { year: day.year, month: day.month, day: day.day });
    let rpo = cx.spec.objectives.as_ref().and_then(|objectives| objectives.etcd_loss);
    Some(EtcdBackup {
        every,
        keep: at.written("keep", &spec.keep),
        start: at.derived("start", start, &["backup/etcd/every", "etcd/member"]),
        login: at.derived("login", login, &[&path]),
        remote_directory: at.derived("remote_directory", directory, &["cluster", &path]),
        with_pki: with.unwrap_or_else(|| at.chosen("with_pki", true, "a snapshot without its keys cannot be used")),
        restore_test,
        directory: at.chosen("directory", "/var/backups/etcd".into(), "the system's place for backups"),
        rpo: at.stated("rpo", &rpo),
        verify: at.or_chosen("verify", spec.verify.as_ref(), true, "a snapshot that was never read may be none"),
        last_restore_test: last,
        to,
    })
}

pub(crate) fn monitoring(cx: &Cx<'_>) -> Monitoring {
    let at = cx.at("monitoring");
    let nothing = services::Monitoring::default();
    let spec = cx.spec.monitoring.as_ref().unwrap_or(&nothing);
    Monitoring {
        storage: match &spec.storage {
            Some(word) => name(&at.written("storage", word)),
            None => at.chosen("storage", "local".into(), "it must not need what it watches"),
        },
        retention: at.or("retention", spec.retention.as_ref(), &cx.edition.retention),
        alerts: at.stated("alerts", &spec.alerts),
        scrape_interval: at.fixed("scrape_interval", &cx.edition.scrape_interval),
        alert: at.chosen("alert", plimsoll_model::design::AlertThresholds::default(), "ours"),
        textfile_directory: at.chosen("textfile_directory", "/var/lib/prometheus/node-exporter".into(), "Debian's"),
    }
}

pub(crate) fn access(cx: &Cx<'_>) -> Access {
    let at = cx.at("access");
    let nothing = services::Access::default();
    let spec = cx.spec.access.as_ref().unwrap_or(&nothing);
    Access {
        ssh_keys: at.stated("ssh_keys", &spec.ssh),
        user: at.chosen("user", "ops".into(), "not root, and not anybody's name"),
        secrets: at.or_chosen("secrets", spec.secrets.as_ref(), "./secrets.age".into(), "beside the cluster file"),
        recipients: {
            at.chosen_unless("recipients", spec.recipients.is_empty(), "nobody was named");
            let recipients = sorted(&spec.recipients);
            let each = recipients.iter().enumerate();
            each.map(|(index, file)| at.written(&format!("recipients/{index}"), file)).collect()
        },
    }
}

pub(crate) fn objectives(cx: &Cx<'_>) -> Objectives {
    let at = cx.at("objective");
    let Some(spec) = &cx.spec.objectives else { return at.chosen("", Objectives::default(), "nothing was said") };
    Objectives {
        ingress: at.stated("ingress", &spec.ingress),
        volume_loss: at.stated("volume_loss", &spec.volume_loss),
        restore: at.stated("restore", &spec.restore),
    }
}

pub(crate) fn assumptions(cx: &Cx<'_>) -> Assumptions {
    let at = cx.at("assume");
    let Some(spec) = &cx.spec.assume else { return at.chosen("", Assumptions::default(), "nothing was said") };
    Assumptions {
        pods: at.stated("pods", &spec.pods),
        bad_changes: at.stated("bad_changes", &spec.bad_changes),
        bad_change_lasts: at.stated("bad_change_lasts", &spec.bad_change_lasts),
        maintenance: match &spec.maintenance {
            Some(windows) => {
                let at = at.child("maintenance");
                Some(MaintenanceWindows {
                    a_year: at.written("a_year", &windows.a_year),
                    lasts: at.written("lasts", &windows.lasts),
                })
            }
            None => at.chosen("maintenance", None, "not stated"),
        },
        repair: repair(&at, spec.repair.as_ref()),
        crews: at.stated("crews", &spec.crews),
        tested: match &spec.tested {
            Some(tested) => {
                let kinds = [("psu", &tested.psu), ("nic", &tested.nic), ("battery", &tested.battery)];
                by_kind(&at.child("tested"), &kinds)
            }
            None => at.chosen("tested", Map::new(), "not stated"),
        },
        common_cause: common_causes(&at, spec),
    }
}

fn common_causes(at: &At<'_, '_>, spec: &Assume) -> Map<CommonCause> {
    at.chosen_unless("common_cause", spec.common_causes.is_empty(), "not stated");
    let each = spec.common_causes.iter().map(|(key, cause)| {
        let at = at.child(format!("common_cause/{}", key.value));
        let takes = cause.takes.iter().enumerate();
        let takes = takes.map(|(index, word)| at.written(&format!("takes/{index}"), word).0).collect();
        let cause = CommonCause {
            takes,
            a_year: at.written("a_year", &cause.a_year),
            lasts: at.written("lasts", &cause.lasts),
        };
        (Name::from(key.value.as_str()), cause)
    });
    each.collect()
}

/// How long repairs take, by the word of the kind.
fn repair(at: &At<'_, '_>, spec: Option<&RepairTimes>) -> Map<TimeRange> {
    at.chosen_unless("repair", spec.is_none(), "not stated");
    let Some(spec) = spec else { return Map::new() };
    let at = at.child("repair");
    let kinds = [
        ("parts", &spec.parts),
        ("feed", &spec.feed),
        ("ups", &spec.ups),
        ("battery", &spec.battery),
        ("rack", &spec.rack),
        ("pdu", &spec.pdu),
        ("psu", &spec.psu),
        ("switch", &spec.switch),
        ("cable", &spec.cable),
        ("nic", &spec.nic),
        ("host", &spec.host),
        ("disk", &spec.disk),
        ("machine", &spec.machine),
        ("program", &spec.program),
    ];
    by_kind(&at, &kinds)
}

/// Lengths of time by the word of a kind, those that were written.
fn by_kind(at: &At<'_, '_>, kinds: &[(&str, &Opt<TimeRange>)]) -> Map<TimeRange> {
    at.chosen_unless("", kinds.iter().all(|(_, time)| time.is_none()), "no kind is named");
    let stated = kinds.iter().filter_map(|(kind, time)| Some(((*kind).into(), at.written(kind, time.as_ref()?))));
    stated.collect()
}
