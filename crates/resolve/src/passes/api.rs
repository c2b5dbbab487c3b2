//! The endpoint of the API: its address, who holds it, who balances behind it.

use std::net::IpAddr;

use plimsoll_diagnostics::Diagnostic;
use plimsoll_model::design::{
    Api, Haproxy, HaproxyCheck, HaproxyServer, HaproxyTimeouts, Machine, Network, Purpose, Role, Site, Vrrp, VrrpCheck,
    VrrpCheckKind, VrrpMember, VrrpState,
};
use plimsoll_model::units::Millis;
use plimsoll_model::{Map, Name};
use plimsoll_spec::cluster::{self, Backends, BindTo, CheckPath, Failover, ServerCheck, VrrpCast};

use crate::cx::{At, Cx, error, map};
use crate::edition::FailoverProfile;
use crate::lock::{Fate, Kind, Want};

use super::balancers;
use super::networks::containing;

/// Where the authority of the cluster lies on control-plane machines; kubeadm's place.
const CA_FILE: &str = "/etc/kubernetes/pki/ca.crt";
/// Where the check of the holder lies: only root can change it.
const CHECK_SCRIPT: &str = "/etc/keepalived/check-api";

/// The network of the API's address, with what is wrong with that address.
pub(crate) fn network_of_vip(cx: &Cx<'_>, networks: &Map<Network>, site: &Site) -> Option<Name> {
    let vip = &cx.spec.api.vip;
    let address = vip.value;
    let Some((name, network)) = containing(networks, address) else {
        let known: Vec<String> = networks.iter().map(|(name, network)| format!("{name} {}", network.ipv4)).collect();
        let problem = error("outside-network", "the address of the API lies in no network", vip.span, "");
        cx.say(problem.note(format!("networks: {}", known.join(", "))));
        return None;
    };
    let taken = |message: &str, label: String| {
        cx.say(Diagnostic::error(message).code("vip-taken").at(vip.span, label).breaks("two machines answer for it"));
    };
    if let IpAddr::V4(address) = address
        && (address == network.ipv4.network() || address == network.ipv4.broadcast())
    {
        taken("the address of the API is no address of a machine", format!("an end of {}", network.ipv4));
    }
    let dhcp = network.dhcp.iter().chain(&site.reserved.dhcp).find(|range| range.contains(address));
    if let Some(range) = dhcp {
        taken("the address of the API is handed out by DHCP", format!("in {range}"));
    }
    if let Some(range) = site.reserved.ranges.iter().find(|range| range.contains(address)) {
        taken("the address of the API is reserved by the site", format!("in {range}"));
    }
    if let Some(gateway) = &network.gateway
        && (gateway.address == address || gateway.router.values().any(|router| *router == address))
    {
        taken("the address of the API is that of a router", format!("in network `{name}`"));
    }
    Some(name.clone())
}

/// The name of the API.
pub(crate) fn api_name(cx: &Cx<'_>, domain: &str) -> String {
    cx.spec.api.name.as_ref().map_or_else(|| format!("api.{domain}"), |name| name.0.clone())
}

pub(crate) struct Parts<'a> {
    pub(crate) networks: &'a Map<Network>,
    pub(crate) machines: &'a Map<Machine>,
    pub(crate) site: &'a Site,
    pub(crate) network: Name,
    pub(crate) domain: &'a str,
    pub(crate) apiserver_port: u16,
}

pub(crate) fn api(cx: &Cx<'_>, parts: &Parts<'_>) -> Api {
    let at = cx.at("api");
    let spec = &cx.spec.api;
    let failover = spec.failover.as_ref().map_or(Failover::Safe, |word| word.value);
    let profile = match failover {
        Failover::Safe => &cx.edition.safe,
        Failover::Fast => &cx.edition.fast,
    };
    let port = map(&spec.port, |port| port.0);
    let port = at.or("port", port.as_ref(), &cx.edition.api_port);
    let objective = cx.spec.objectives.as_ref().and_then(|objectives| objectives.api.as_ref());
    Api {
        name: match &spec.name {
            Some(name) => at.written("name", name).0,
            None => at.derived("name", api_name(cx, parts.domain), &["zone", "cluster"]),
        },
        vip: vec![at.written("vip/0", &spec.vip)],
        network: at.derived("network", parts.network.clone(), &["api/vip/0", &format!("network/{}", parts.network)]),
        port,
        balancer: balancers::balancer(cx, &at),
        recovery_time: at.or("recovery_time", objective, &profile.recovery_time),
        hosts_entry: at.chosen("hosts_entry", true, "nodes find the API while no DNS answers"),
        vrrp: Some(vrrp(cx, &at.child("vrrp"), parts, profile, port)),
        haproxy: Some(haproxy(cx, &at.child("haproxy"), parts, profile)),
    }
}

fn vrrp(cx: &Cx<'_>, at: &At<'_, '_>, parts: &Parts<'_>, profile: &FailoverProfile, port: u16) -> Vrrp {
    let nothing = cluster::Vrrp::default();
    let spec = cx.spec.api.vrrp.as_ref().unwrap_or(&nothing);
    let edition = cx.edition;
    if let Some(auth) = &spec.auth {
        let problem = error("not-yet", "`auth` is understood but not built yet", auth.span, "");
        let problem = problem.note("the password travels in clear, and VRRP 3 has none");
        cx.say(problem.help("leave it out: members speak to each other alone, and the firewall lets nobody else in"));
    }
    let state = match spec.state.as_ref().map(|state| (at.written("state", state), state.span)) {
        Some((word, _)) if word == "MASTER" => VrrpState::Master,
        Some((word, span)) => {
            if word != "BACKUP" {
                cx.say(error("wrong-value", format!("`{word}` is no state: write `MASTER` or `BACKUP`"), span, ""));
            }
            VrrpState::Backup
        }
        None => VrrpState::Backup,
    };
    let strict = at.or_chosen("strict", spec.strict.as_ref(), false, "it drops packets to the address itself");
    let cast = spec.cast.as_ref().map(|cast| at.written("unicast", cast) == VrrpCast::Unicast);
    let user = &edition.script_user;
    let check = at.child("check");
    let kind = match spec.check.as_ref().map(|kind| check.written("kind", kind)) {
        Some(CheckPath::Process) => VrrpCheckKind::Process,
        Some(CheckPath::Port) => VrrpCheckKind::Port,
        Some(CheckPath::Path) => VrrpCheckKind::Path,
        None => check.chosen("kind", VrrpCheckKind::Path, "a process that runs may serve nobody"),
    };
    let url = match kind {
        VrrpCheckKind::Path => format!("https://127.0.0.1:{port}/readyz"),
        VrrpCheckKind::Process | VrrpCheckKind::Port => String::new(),
    };
    Vrrp {
        vrid: vrid(cx, at, parts),
        version: at.or("version", spec.version.as_ref(), &edition.vrrp_version),
        advert_interval: at.or("advert_interval", spec.advert_interval.as_ref(), &profile.advert_interval),
        down_timer_adverts: at.fixed("down_timer_adverts", &edition.down_timer_adverts),
        preempt: at.or_chosen("preempt", spec.preempt.as_ref(), false, "an address that moves back moves twice"),
        preempt_delay: at.or_chosen("preempt_delay", spec.preempt_delay.as_ref(), Millis(0), "nobody takes it back"),
        garp_master_refresh: Some(at.or("garp_master_refresh", spec.garp_refresh.as_ref(), &edition.garp_refresh)),
        unicast: cast.unwrap_or_else(|| at.chosen("unicast", true, "switches may drop multicast")),
        script_security: at.chosen("script_security", true, "keepalived runs as root"),
        script_user: Some(at.or_chosen("script_user", spec.script_user.as_ref(), user.value.to_owned(), user.why)),
        strict,
        auth_pass: at.chosen("auth_pass", None, "VRRP 3 has none"),
        check: Some(VrrpCheck {
            kind,
            script: check.chosen("script", CHECK_SCRIPT.into(), "only root can change it"),
            url: check.derived("url", url, &["api/port"]),
            max_time: check.or("max_time", spec.check_max_time.as_ref(), &profile.check_max_time),
            interval: check.or("interval", spec.check_interval.as_ref(), &profile.check_interval),
            timeout: check.or("timeout", spec.check_timeout.as_ref(), &profile.check_timeout),
            fall: check.or("fall", spec.check_fall.as_ref(), &profile.check_fall),
            rise: check.or("rise", spec.check_rise.as_ref(), &profile.check_rise),
            weight: check
                .stated("weight", &spec.check_weight)
                .or_else(|| check.chosen("weight", None, "the holder gives the address up, whatever the priorities")),
        }),
        member: members(cx, at, spec, parts, state),
    }
}

fn vrid(cx: &Cx<'_>, at: &At<'_, '_>, parts: &Parts<'_>) -> u8 {
    let written = cx.spec.api.vrrp.as_ref().and_then(|vrrp| vrrp.vrid.as_ref());
    let others: Vec<u8> = parts
        .networks
        .get(&parts.network)
        .and_then(|network| network.gateway.as_ref()?.vrid)
        .into_iter()
        .chain(parts.site.reserved.vrids.iter().copied())
        .collect();
    let wants = [Want { owner: "api".to_owned(), written: written.map(|vrid| (vrid.0, vrid.span)) }];
    // 51 is what every sample uses, so what others run on the site is likely to have it.
    let from = cx.edition.vrid_from;
    let candidates = (from..=255).chain(1..from).filter(|vrid| *vrid != 51);
    let scope = format!("network/{}", parts.network);
    let free = |vrid: u8| vrid != 0 && !others.contains(&vrid);
    let mut keeper = cx.keeper.borrow_mut();
    let fates = keeper.allocate(Kind::Vrid, &scope, &wants, candidates, free, &mut |problem| cx.say(problem));
    match fates.first() {
        Some(Fate::Written(vrid, span)) => at.expanded("vrid", *vrid, *span),
        Some(Fate::Allocated(vrid)) => {
            at.allocated("vrid", *vrid, &format!("the free VRRP ids of network {} from {from}", parts.network))
        }
        _ => {
            let problem =
                Diagnostic::error(format!("network `{}` has no free VRRP id", parts.network)).code("vrid-exhausted");
            cx.say(problem.at(cx.spec.api.vip.span, ""));
            0
        }
    }
}

fn members(cx: &Cx<'_>, at: &At<'_, '_>, spec: &cluster::Vrrp, parts: &Parts<'_>, state: VrrpState) -> Map<VrrpMember> {
    let role = balancers::role(cx);
    let holders: Vec<(&Name, &Machine)> = parts.machines.iter().filter(|(_, machine)| machine.role == role).collect();
    if !spec.priorities.is_empty() && spec.priorities.len() != holders.len() {
        let message = format!("{} priorities for {} machines", spec.priorities.len(), holders.len());
        let span = spec.priorities.first().and_then(|priority| priority.span);
        cx.say(error("range-length", message, span, "one for each machine that may hold the address"));
        return Map::new();
    }
    let mut addresses: Vec<(&Name, IpAddr)> = Vec::new();
    for (name, machine) in &holders {
        if let Some(nic) = machine.nic.get(&parts.network) {
            addresses.push((name, nic.address.addr()));
        } else {
            let message =
                format!("`{name}` may hold the address of the API and does not stand in network `{}`", parts.network);
            let problem = Diagnostic::error(message).code("not-in-network").at(cx.spec.api.vip.span, "the address");
            let whose = if role == Role::Balancer { "balancers" } else { "control plane" };
            cx.say(problem.help(format!("add `{}` to the `networks` of the {whose}", parts.network)));
        }
    }
    // Steps of ten leave room; more members than that get smaller steps.
    let step = if holders.len() <= 14 { 10 } else { 1 };
    let mut members = Map::new();
    for (index, (name, machine)) in holders.iter().enumerate() {
        let (Some(nic), Some((_, source))) =
            (machine.nic.get(&parts.network), addresses.iter().find(|(other, _)| other == name))
        else {
            continue;
        };
        let at = at.child(format!("member/{name}"));
        let path = format!("machine/{name}");
        let address = format!("{path}/nic/{}/address", parts.network);
        at.derived("", (), &[&path]);
        let priority = cx.edition.first_priority.saturating_sub((index * step) as u8).max(1);
        let member = VrrpMember {
            priority: at.or_chosen("priority", spec.priorities.get(index), priority, "distinct, in the order of names"),
            state: match &spec.state {
                Some(word) => at.expanded("state", state, word.span),
                None => at.chosen("state", state, "nobody takes the address before it has listened"),
            },
            interface: at.derived(
                "interface",
                nic.interface.clone(),
                &[&format!("{path}/nic/{}/interface", parts.network)],
            ),
            source: at.derived("source", *source, &[&address]),
            peers: at.derived(
                "peers",
                addresses.iter().filter(|(other, _)| other != name).map(|(_, address)| *address).collect(),
                &["machine"],
            ),
        };
        members.insert((*name).clone(), member);
    }
    members
}

fn haproxy(cx: &Cx<'_>, at: &At<'_, '_>, parts: &Parts<'_>, profile: &FailoverProfile) -> Haproxy {
    let nothing = cluster::Haproxy::default();
    let spec = cx.spec.api.haproxy.as_ref().unwrap_or(&nothing);
    let edition = cx.edition;
    let vip_only = spec.bind.as_ref().is_some_and(|bind| bind.value == BindTo::Vip);
    let bind = match &spec.bind {
        // The check of the holder asks on the loopback address, which everybody has.
        Some(word) if vip_only => {
            at.expanded("bind", vec![cx.spec.api.vip.value, IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)], word.span)
        }
        Some(word) => at.expanded("bind", Vec::new(), word.span),
        None => at.chosen("bind", Vec::new(), "it starts wherever the address is"),
    };
    let balance = map(&spec.balance, |balance| balance.as_str().to_owned());
    let timeout = at.child("timeout");
    let check = at.child("check");
    let kind = spec.check.as_ref().map_or(ServerCheck::Https, |check| check.value);
    let (http, tls) = (kind != ServerCheck::Tcp, kind == ServerCheck::Https);
    let verify = spec.check_verify.as_ref().is_none_or(|verify| verify.value) && tls;
    let ca_file = verify.then(|| CA_FILE.to_owned());
    let mut server = Map::new();
    for (name, machine) in parts.machines.iter().filter(|(_, machine)| machine.role == Role::ControlPlane) {
        let of_purpose = |network: &Name| {
            parts.networks.get(network).is_some_and(|network| network.purposes.contains(&Purpose::Nodes))
        };
        let Some((network, nic)) = machine.nic.iter().find(|(network, _)| of_purpose(network)) else { continue };
        let at = at.child(format!("server/{name}"));
        at.derived("", (), &[&format!("machine/{name}")]);
        let design = HaproxyServer {
            address: at.derived(
                "address",
                nic.address.addr().to_string(),
                &[&format!("machine/{name}/nic/{network}/address")],
            ),
            port: at.derived("port", parts.apiserver_port, &["kubernetes/apiserver/bind_port"]),
        };
        server.insert(name.clone(), design);
    }
    let unset = |field: &str, why: &str| at.chosen(field, None, why);
    Haproxy {
        nonlocal_bind: at.derived("nonlocal_bind", vip_only, &["api/haproxy/bind"]),
        bind,
        local_only: match &spec.backends {
            Some(word) => at.expanded("local_only", word.value == Backends::Local, word.span),
            None => at.chosen("local_only", false, "a holder whose own API server is down still serves"),
        },
        maxconn: at.stated("maxconn", &spec.maxconn).or_else(|| unset("maxconn", "HAProxy computes it")),
        server_maxconn: at
            .stated("server_maxconn", &spec.server_maxconn)
            .or_else(|| unset("server_maxconn", "watches must not queue")),
        balance: at.or_chosen("balance", balance.as_ref(), "leastconn".into(), "watches live long"),
        slowstart: Some(at.fixed("slowstart", &edition.slowstart)),
        shutdown_sessions: at.or_chosen(
            "shutdown_sessions",
            spec.shutdown_sessions.as_ref(),
            true,
            "clients of a dead server come back at once",
        ),
        timeout: HaproxyTimeouts {
            connect: timeout.or("connect", spec.timeout_connect.as_ref(), &profile.connect),
            client: timeout.or("client", spec.timeout_client.as_ref(), &edition.timeout_client),
            server: timeout.or("server", spec.timeout_server.as_ref(), &edition.timeout_server),
            // Written client and server timeouts are meant: a tunnel timeout of ours would silently replace them.
            tunnel: match (&spec.timeout_tunnel, &spec.timeout_client, &spec.timeout_server) {
                (None, Some(_), _) | (None, _, Some(_)) => {
                    timeout.chosen("tunnel", None, "the client's and server's are written and would be replaced")
                }
                (written, _, _) => Some(timeout.or("tunnel", written.as_ref(), &edition.timeout_tunnel)),
            },
            client_fin: Some(timeout.fixed("client_fin", &edition.timeout_client_fin)),
            check: Some(timeout.or("check", spec.timeout_check.as_ref(), &profile.server_check_timeout)),
            queue: timeout.fixed("queue", &edition.timeout_queue),
        },
        check: HaproxyCheck {
            http: match &spec.check {
                Some(word) => check.expanded("http", http, word.span),
                None => check.chosen("http", http, "a server may take connections and not be ready"),
            },
            uri: check.or_chosen("uri", spec.check_path.as_ref(), "/readyz".into(), "/healthz is deprecated"),
            tls: match &spec.check {
                Some(word) => check.expanded("tls", tls, word.span),
                None => check.chosen("tls", tls, "API servers speak nothing else"),
            },
            ca_file: match &spec.check_verify {
                Some(word) => check.expanded("ca_file", ca_file, word.span),
                None => check.chosen("ca_file", ca_file, "kubeadm's place for the cluster's authority"),
            },
            interval: check.or("interval", spec.check_interval.as_ref(), &profile.server_interval),
            down_interval: Some(check.fixed("down_interval", &profile.server_down_interval)),
            fast_interval: match &profile.server_fast_interval {
                Some(fast) => Some(check.fixed("fast_interval", fast)),
                None => check.chosen("fast_interval", None, "the interval"),
            },
            fall: check.or("fall", spec.check_fall.as_ref(), &profile.server_fall),
            rise: check.or("rise", spec.check_rise.as_ref(), &profile.server_rise),
        },
        server,
    }
}
