//! VRRP groups: who may hold an address, and what makes it move.

mod daemons;
mod from_files;

use std::net::IpAddr;

use plimsoll_model::Name;
use plimsoll_model::design::{Protocol, VrrpCheckKind, VrrpState};
use plimsoll_model::units::Millis;

use crate::{DesignSource, Fact, Place};

pub(crate) use daemons::daemons;
pub use from_files::{always_succeeds, from_files};

/// Members that share one virtual router id and one set of addresses.
#[derive(Clone, Debug)]
pub struct VrrpGroup {
    /// What it is called, for people: `api`, or the instance name of the files.
    pub name: String,
    /// What a finding about the whole group points at.
    pub place: Place,
    /// The layer-2 domain; unknown for files.
    pub network: Fact<String>,
    /// Its members, in the order of their names.
    pub members: Vec<VrrpMember>,
}

/// One instance of one keepalived.
#[derive(Clone, Debug)]
pub struct VrrpMember {
    /// The machine, or the folder or file it was read from.
    pub name: String,
    /// What a finding about the whole member points at.
    pub place: Place,
    /// The physical host below; unknown for files.
    pub host: Fact<String>,
    /// Virtual router id.
    pub vrid: Fact<u8>,
    /// Addresses that move, with prefix length when given.
    pub addresses: Fact<Vec<VirtualAddress>>,
    /// Addresses that move without being announced (`virtual_ipaddress_excluded`).
    pub excluded_addresses: Fact<Vec<VirtualAddress>>,
    /// 1 to 255.
    pub priority: Fact<u8>,
    /// Before the first election.
    pub state: Fact<VrrpState>,
    /// 2 or 3.
    pub version: Fact<u8>,
    /// Time between advertisements.
    pub advert_interval: Fact<Millis>,
    /// Missed advertisements after which a backup takes over.
    pub down_timer_adverts: Fact<u8>,
    /// Whether it never takes the address back from a lower one.
    pub nopreempt: Fact<bool>,
    /// How long it waits before it takes the address from a lower one.
    pub preempt_delay: Fact<Millis>,
    /// RFC behaviour enforced.
    pub strict: Fact<bool>,
    /// Whether packets to the address are accepted locally in strict mode.
    pub accept: Fact<bool>,
    /// Interface it speaks on.
    pub interface: Fact<String>,
    /// Whether peers are addressed one by one; false is multicast.
    pub unicast: Fact<bool>,
    /// Group address of multicast, when it is not the usual one.
    pub multicast_group: Option<IpAddr>,
    /// Its own address in unicast mode.
    pub unicast_source: Fact<IpAddr>,
    /// Addresses it sends to in unicast mode.
    pub peers: Fact<Vec<IpAddr>>,
    /// Addresses that the member's machine has; unknown for files without its interfaces.
    pub own_addresses: Fact<Vec<IpAddr>>,
    /// Authentication: type and first eight characters of the password; `Some(None)` when there is none.
    pub authentication: Fact<Option<(String, String)>>,
    /// Length of the configured password.
    pub auth_length: Fact<usize>,
    /// Whether a virtual MAC address is used.
    pub use_vmac: Fact<bool>,
    /// How often gratuitous ARP is repeated.
    pub garp_refresh: Fact<Option<Millis>>,
    /// `enable_script_security`.
    pub script_security: Fact<bool>,
    /// User that checks run as.
    pub script_user: Fact<Option<String>>,
    /// Whether its firewall accepts IP protocol 112; unknown without one that could be read.
    pub lets_vrrp_in: Fact<bool>,
    /// Scripts, interfaces, processes and files that are tracked, by itself or by its sync group.
    pub tracks: Vec<Track>,
    /// Names of the instances of its sync group, which go to FAULT together.
    pub follows: Vec<String>,
    /// Whether everything that its keepalived reads is known.
    pub complete: bool,
}

impl VrrpMember {
    /// What it really tracks: without what the daemon leaves out.
    pub fn tracked(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| !track.left_out)
    }
}

/// An address that moves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VirtualAddress {
    /// The address.
    pub address: IpAddr,
    /// Prefix length, when given.
    pub prefix: Option<u8>,
    /// Interface it is added to, when not the instance's.
    pub device: Option<String>,
}

/// Something whose failure changes the election.
#[derive(Clone, Debug)]
pub struct Track {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Whether it is a script (else an interface, a process or a file).
    pub script: bool,
    /// Whether it only looks for a process (`track_process`).
    pub process: bool,
    /// Whether the daemon leaves it out because of a sync group.
    pub left_out: bool,
    /// Whether it is defined; a name that nothing defines is not tracked.
    pub defined: Fact<bool>,
    /// Command line of a script, or the text of the file it names.
    pub command: Fact<String>,
    /// Effective weight; 0 puts the member into FAULT.
    pub weight: Fact<i32>,
    /// Time between runs.
    pub interval: Fact<Millis>,
    /// Time after which a run is ended.
    pub timeout: Fact<Millis>,
    /// Failures in a row that count.
    pub fall: Fact<u32>,
    /// Longest time of the request inside the script, when it can be told.
    pub max_time: Fact<Millis>,
}

/// The groups of a Design: that of the API, and those of gateways that others own.
pub fn from_design(source: DesignSource<'_>) -> Vec<VrrpGroup> {
    source.design.api.vrrp.iter().map(|vrrp| api_group(source, vrrp)).collect()
}

fn api_group(source: DesignSource<'_>, vrrp: &plimsoll_model::design::Vrrp) -> VrrpGroup {
    let design = source.design;
    let shared = |field: &str| format!("api/vrrp/{field}");
    let addresses: Vec<VirtualAddress> =
        design.api.vip.iter().map(|address| VirtualAddress { address: *address, prefix: None, device: None }).collect();
    let members = vrrp
        .member
        .iter()
        .map(|(name, member)| {
            let own = |field: &str| format!("api/vrrp/member/{name}/{field}");
            let machine = design.machine.get(name);
            VrrpMember {
                name: name.to_string(),
                place: source.place(format!("api/vrrp/member/{name}")),
                host: source.maybe(format!("machine/{name}/host"), source.host_of(name).map(ToString::to_string)),
                vrid: source.fact(shared("vrid"), vrrp.vrid),
                addresses: source.fact("api/vip", addresses.clone()),
                excluded_addresses: source.fact("api/vip", Vec::new()),
                priority: source.fact(own("priority"), member.priority),
                state: source.fact(own("state"), member.state),
                version: source.fact(shared("version"), vrrp.version),
                advert_interval: source.fact(shared("advert_interval"), vrrp.advert_interval),
                down_timer_adverts: source.fact(shared("down_timer_adverts"), vrrp.down_timer_adverts),
                nopreempt: source.fact(shared("preempt"), !vrrp.preempt),
                preempt_delay: source.fact(shared("preempt_delay"), vrrp.preempt_delay),
                strict: source.fact(shared("strict"), vrrp.strict),
                accept: source.fact(shared("strict"), false),
                interface: source.fact(own("interface"), member.interface.to_string()),
                unicast: source.fact(shared("unicast"), vrrp.unicast),
                multicast_group: None,
                unicast_source: source.fact(own("source"), member.source),
                peers: source.fact(own("peers"), member.peers.clone()),
                own_addresses: source.maybe(
                    format!("machine/{name}/nic"),
                    machine.map(|machine| machine.nic.values().map(|nic| nic.address.addr()).collect()),
                ),
                authentication: source.fact(
                    shared("auth_pass"),
                    vrrp.auth_pass.as_ref().map(|secret| ("PASS".to_owned(), secret.0.clone())),
                ),
                auth_length: source.maybe(shared("auth_pass"), vrrp.auth_pass.is_none().then_some(0)),
                use_vmac: source.fact(shared("vrid"), false),
                garp_refresh: source.fact(shared("garp_master_refresh"), vrrp.garp_master_refresh),
                script_security: source.fact(shared("script_security"), vrrp.script_security),
                script_user: source.fact(shared("script_user"), vrrp.script_user.clone()),
                lets_vrrp_in: lets_vrrp_in(source, name),
                tracks: vrrp.check.iter().map(|check| api_check(source, check)).collect(),
                follows: Vec::new(),
                complete: true,
            }
        })
        .collect();
    VrrpGroup {
        name: "api".to_owned(),
        place: source.place("api/vrrp"),
        network: source.fact("api/network", design.api.network.to_string()),
        members,
    }
}

fn lets_vrrp_in(source: DesignSource<'_>, machine: &Name) -> Fact<bool> {
    let role = source.design.machine.get(machine).map(|machine| Name::from(machine.role.as_str()));
    let rules = role.as_ref().and_then(|role| source.design.firewall.get(role));
    source.maybe(
        format!("firewall/{}", role.as_ref().map_or("", Name::as_str)),
        rules.map(|rules| rules.iter().any(|rule| rule.protocol == Protocol::Vrrp)),
    )
}

/// The command that the rendered check comes down to.
fn command(check: &plimsoll_model::design::VrrpCheck) -> String {
    match check.kind {
        VrrpCheckKind::Path => format!("curl --max-time {} {}", check.max_time.as_secs(), check.url),
        VrrpCheckKind::Process => "pidof haproxy".to_owned(),
        VrrpCheckKind::Port => "nc -z localhost".to_owned(),
    }
}

fn api_check(source: DesignSource<'_>, check: &plimsoll_model::design::VrrpCheck) -> Track {
    let path = |field: &str| format!("api/vrrp/check/{field}");
    Track {
        name: "check".to_owned(),
        place: source.place("api/vrrp/check"),
        script: true,
        process: false,
        left_out: false,
        defined: source.fact("api/vrrp/check", true),
        command: source.fact(path("kind"), command(check)),
        weight: source.fact(path("weight"), check.weight.unwrap_or(0)),
        interval: source.fact(path("interval"), check.interval),
        timeout: source.fact(path("timeout"), check.timeout),
        fall: source.fact(path("fall"), check.fall),
        max_time: source.maybe(path("max_time"), (check.kind == VrrpCheckKind::Path).then_some(check.max_time)),
    }
}
