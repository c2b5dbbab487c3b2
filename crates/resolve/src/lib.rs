//! From the cluster file and its lock to a Design: the only room that makes choices.
//!
//! [`resolve`] is pure: the same file and lock give the same Design, lock and messages, in whatever order things are
//! listed where order has no meaning. It runs in phases; all problems of a phase are said together, and the next phase
//! does not run on bad data.

mod cx;
mod edition;
mod expand;
mod lock;
mod passes;

use plimsoll_diagnostics::{Diagnostic, Diagnostics};
use plimsoll_model::design::PlatformKind;
use plimsoll_model::{Design, Map, Origins};
use plimsoll_spec::Spec;

use cx::Cx;
use edition::{EDITIONS, Edition};
use expand::{Things, name};
pub use lock::{Entry, Key, Kind, Lock, LockChange};
use lock::{FEWER_ENTRIES, Keeper, MOST_ENTRIES};
use passes::{
    address, api, balancers, capacity, corosync, etcd, firewall, goals, hosts, kubernetes, machines, names, networks,
    operations, placement, pods, sections, site, storage, versions, wire, zones,
};

/// What [`resolve`] gives.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The Design; `None` when there are errors.
    pub design: Option<Design>,
    /// Where each of its facts came from.
    pub origins: Origins,
    /// The lock to keep. With errors it is the one that was given: nothing is allocated to a design that is none.
    pub lock: Lock,
    /// Errors, and notes about choices a person should know of.
    pub diagnostics: Diagnostics,
}

/// The editions of defaults that this program knows, the oldest first.
pub fn editions() -> impl Iterator<Item = &'static str> {
    EDITIONS.iter().map(|edition| edition.name)
}

/// Makes every choice that the file leaves open.
pub fn resolve(spec: &Spec, lock: &Lock) -> Resolved {
    let Some(edition) = edition(spec) else {
        let diagnostics = unknown_edition(spec).into_iter().collect();
        return Resolved { design: None, origins: Origins::new(), lock: lock.clone(), diagnostics };
    };
    let cx = Cx::new(spec, edition, Keeper::new(lock));
    expand::sizes(&cx);
    let design = if cx.failed() { None } else { phases(&cx, &Things::of(spec)) };
    let (origins, mut diagnostics, keeper) = cx.finish();
    let new = design.as_ref().filter(|_| !diagnostics.has_errors()).map(|_| keeper.finish());
    let new = new.filter(|new| {
        let fits = new.len() <= MOST_ENTRIES;
        if !fits {
            diagnostics.push(too_long(spec, new.len()));
        }
        fits
    });
    let design = design.filter(|_| new.is_some());
    Resolved { design, origins, lock: new.unwrap_or_else(|| lock.clone()), diagnostics }
}

/// The edition that the file names, or the latest.
fn edition(spec: &Spec) -> Option<&'static Edition> {
    let Some(written) = &spec.edition else { return EDITIONS.last().copied() };
    let wanted = written.value.to_string();
    EDITIONS.iter().find(|edition| edition.name == wanted).copied()
}

fn unknown_edition(spec: &Spec) -> Option<Diagnostic> {
    let written = spec.edition.as_ref()?;
    let known: Vec<String> = editions().map(|edition| format!("`{edition}`")).collect();
    let problem = Diagnostic::error(format!("there is no edition `{}`", written.value)).code("unknown-edition");
    let help = format!("known are {}; a newer one needs a newer Plimsoll", known.join(", "));
    Some(problem.at(written.span, "").help(help))
}

/// A lock that could not be read again must not be written.
fn too_long(spec: &Spec, entries: usize) -> Diagnostic {
    let message = format!("the lock would have {entries} entries; at most {MOST_ENTRIES} are possible");
    Diagnostic::error(message).code("lock-size").at(spec.cluster.span, "").help(FEWER_ENTRIES)
}

/// What was allocated to a thing under its former name is its own.
fn renames(things: &Things<'_>, keeper: &mut Keeper) {
    let mut pairs = Vec::new();
    for (host, item) in &things.hosts {
        if let Some(old) = item.spec.renamed_from.as_ref().and_then(|names| item.paired(names)) {
            pairs.push((format!("host/{old}"), format!("host/{host}")));
        }
    }
    for (machine, item) in &things.machines {
        if let Some(old) = item.spec.renamed_from.as_ref().and_then(|names| item.paired(names)) {
            pairs.push((format!("machine/{old}"), format!("machine/{machine}")));
        }
    }
    keeper.rename(&pairs);
}

/// The passes, phase by phase.
fn phases(cx: &Cx<'_>, things: &Things<'_>) -> Option<Design> {
    let spec = cx.spec;
    let whole = goals::whole(cx);
    renames(things, &mut cx.keeper.borrow_mut());
    sections::sections(cx);
    balancers::check(cx, things);

    // What is there: power, racks, what others own, networks, versions.
    let site = site::site(cx);
    let feed = site::feeds(cx);
    let rack = site::racks(cx, things);
    let external = site::externals(cx, things);
    let mut network = networks::networks(cx, things, &external);
    let version = versions::versions(cx);
    let vip_network = if cx.failed() { None } else { api::network_of_vip(cx, &network, &site) };
    let (Some(version), Some(vip_network)) = (version, vip_network) else { return None };
    if cx.failed() {
        return None;
    }

    // How it hangs together, and whether it fits.
    let domain = names::domain(cx);
    let mut plans = hosts::hosts(cx, things, &rack, &network);
    let wires = wire::wire(cx, things, &rack, &network, &plans.links, &plans.bond_modes);
    wire::plug(cx, &mut plans, &wires);
    let mut machine = machines::machines(cx, things, &plans, &domain);
    capacity::capacity(cx, things, &plans, &machine);
    if cx.failed() {
        return None;
    }

    // Addresses.
    let taken = address::Taken::of(cx, &site, &network, &external);
    address::addresses(cx, things, &network, &taken, &mut plans, &wires, &mut machine);
    corosync::corosync(cx, &network, &mut plans);
    if cx.failed() {
        return None;
    }
    let host: Map<_> = plans.plans.into_iter().map(|(name, plan)| (name, plan.host)).collect();
    wire::stretch(cx, &mut network, &wires, &host);

    // What runs on it.
    let nodes = machine.values().filter(|machine| machine.role.is_node()).count();
    let sans = kubernetes::Sans { name: api::api_name(cx, &domain), vip: spec.api.vip.value };
    let exact = version.get(&"kubernetes".into()).cloned().unwrap_or_default();
    let kubernetes = kubernetes::kubernetes(cx, &exact, &network, &taken, nodes, sans);
    let etcd = etcd::etcd(cx, &network, &machine);
    let apiserver_port = kubernetes.apiserver.bind_port;
    let parts = api::Parts {
        networks: &network,
        machines: &machine,
        site: &site,
        network: vip_network,
        domain: &domain,
        apiserver_port,
    };
    let api = api::api(cx, &parts);
    let parts =
        pods::Parts { networks: &network, externals: &external, machines: &machine, proxy: kubernetes.kube_proxy.mode };
    let calico = pods::calico(cx, &parts);
    let metallb = pods::metallb(cx, &parts);
    let parts = storage::Parts { networks: &network, hosts: &host, machines: &machine };
    let ceph = storage::ceph(cx, &parts);
    let local_storage = storage::local(cx, &machine);
    let nfs = storage::nfs(cx);
    let nodelocal = names::nodelocal(cx);
    let coredns = names::coredns(cx, &kubernetes.services, &site, &machine);
    let parts =
        zones::Parts { networks: &network, hosts: &host, machines: &machine, api: &api, metallb: metallb.as_ref() };
    let names = zones::zones(cx, &parts);
    let parts = firewall::Parts {
        site: &site,
        networks: &network,
        machines: &machine,
        kubernetes: &kubernetes,
        calico: &calico,
        metallb: metallb.as_ref(),
        ceph: ceph.as_ref(),
        nodelocal: nodelocal.as_ref(),
        api_port: api.port,
        hypervisors: host.values().any(|host| host.platform.kind == PlatformKind::Proxmox),
    };
    let firewall = firewall::firewall(cx, &parts);
    for (field, absent, why) in [
        ("metallb", metallb.is_none(), "no addresses of services were written"),
        ("ceph", ceph.is_none(), "no storage was written"),
        ("local_storage", local_storage.is_none(), "no local volumes were written"),
        ("nfs", nfs.is_none(), "no file server was written"),
        ("external_dns", names.external_dns.is_none(), "nothing puts names of services into a zone"),
    ] {
        whole.chosen_unless(field, absent, why);
    }
    let placement = placement::placement(cx, &machine, ceph.as_ref());
    let tenant = operations::tenants(cx, &machine, &kubernetes.kubelet);
    let mut design = Design {
        format: whole.chosen("format", Design::FORMAT, "what this program writes"),
        cluster: name(&whole.written("cluster", &spec.cluster)),
        edition: match &spec.edition {
            Some(written) => whole.written("edition", written).to_string(),
            None => whole.chosen("edition", cx.edition.name.to_owned(), "the latest"),
        },
        feed,
        rack,
        switch: wires.switch,
        mlag: wires.mlag,
        cable: wires.cable,
        placement,
        tenant,
        priority_class: operations::priority_classes(cx),
        backup: operations::backups(cx, &external, &machine),
        monitoring: operations::monitoring(cx),
        access: operations::access(cx),
        survive: goals::survive(cx),
        excluded: Map::new(),
        accept: Vec::new(),
        threshold: goals::thresholds(cx),
        severity: goals::severities(cx),
        objective: operations::objectives(cx),
        assume: operations::assumptions(cx),
        zone: names.zone,
        dns_server: names.dns_server,
        tsig: names.tsig,
        external_dns: names.external_dns,
        site,
        external,
        network,
        host,
        machine,
        version,
        kubernetes,
        etcd,
        api,
        calico,
        metallb,
        ceph,
        local_storage,
        nfs,
        coredns,
        nodelocal,
        firewall,
    };
    let components = goals::components(&design);
    (design.excluded, design.accept) = goals::accept(cx, &components);
    Some(design)
}
