//! `keepalived.conf`: VRRP groups and what they track.
//!
//! Follows keepalived 2.3.3 (Debian trixie), read from keepalived.conf(5) and its parser. Where versions differ:
//! `unicast_peer` together with `vrrp_strict` is accepted by 2.2.7 and rejects the instance later; `unicast_fault_no_peer`
//! needs 2.2.4; `auth_hmac` is in no release that Debian ships. `virtual_server` and the other parts of LVS are kept and
//! not judged.
//!
//! Two things are modelled as the daemon does them, not as people mean them: a line of `unicast_peer` or
//! `virtual_ipaddress` holds one address, so `unicast_peer { a b }` has the single peer `a`; and lines that start with
//! `@id` count only for `keepalived -i id` (see [`read_as`]).

mod defaults;
mod keywords;
mod lists;
mod read;
mod syntax;
#[cfg(test)]
mod tests;
mod track;
mod values;
mod write;

use std::net::IpAddr;
use std::time::Duration;

use plimsoll_diagnostics::{Span, Spanned};

use crate::{Kept, Setting};

pub use defaults::{Effective, EffectiveScript};
pub use read::{read, read_as};
pub use track::{Notify, NotifyEvent, SyncGroup, Track, TrackFile, TrackProcess, Tracks, VrrpScript};

/// One file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conf {
    /// `$NAME=value`; uses of the name are already filled in.
    pub definitions: Vec<Definition>,
    /// `global_defs`; several blocks are one to the daemon.
    pub global: GlobalDefs,
    /// `vrrp_script`
    pub scripts: Vec<VrrpScript>,
    /// `vrrp_track_process`
    pub processes: Vec<TrackProcess>,
    /// `track_file` and its old name `vrrp_track_file`.
    pub files: Vec<TrackFile>,
    /// `vrrp_sync_group`
    pub sync_groups: Vec<SyncGroup>,
    /// `vrrp_instance`
    pub instances: Vec<Instance>,
    /// File patterns of `include` and its variants, at the top level.
    pub includes: Vec<Include>,
    /// Ids that conditional lines ask for, in order of appearance.
    pub config_ids: Vec<String>,
    /// Everything else at the top level.
    pub unknown: Vec<Kept>,
}

/// `$NAME=value`
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Without the dollar sign.
    pub name: String,
    /// The value; several lines when each but the last ended with a backslash.
    pub value: Spanned<String>,
}

/// `include PATTERN`
#[derive(Clone, Debug, PartialEq)]
pub struct Include {
    /// `include`, `includer`, `includem`, `includew`, `includeb` or `includea`.
    pub keyword: String,
    /// File name with wildcards.
    pub pattern: Spanned<String>,
}

/// `global_defs`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GlobalDefs {
    /// Where the block stands.
    pub place: Place,
    /// `router_id`
    pub router_id: Setting<String>,
    /// `enable_script_security`
    pub enable_script_security: Spanned<bool>,
    /// `script_user USER [GROUP]`, both words.
    pub script_user: Setting<String>,
    /// `vrrp_strict`
    pub vrrp_strict: Spanned<bool>,
    /// `vrrp_version`: 2 or 3.
    pub vrrp_version: Setting<u8>,
    /// `vrrp_mcast_group4`
    pub vrrp_mcast_group4: Setting<IpAddr>,
    /// `vrrp_mcast_group6`
    pub vrrp_mcast_group6: Setting<IpAddr>,
    /// `vrrp_skip_check_adv_addr`
    pub vrrp_skip_check_adv_addr: Setting<bool>,
    /// `vrrp_check_unicast_src`
    pub vrrp_check_unicast_src: Spanned<bool>,
    /// `vrrp_garp_…`, the defaults of all instances.
    pub garp: Garp,
    /// `vrrp_garp_interval`
    pub vrrp_garp_interval: Setting<Duration>,
    /// `vrrp_gna_interval`
    pub vrrp_gna_interval: Setting<Duration>,
    /// `vrrp_down_timer_adverts`: 1 to 100.
    pub vrrp_down_timer_adverts: Setting<u8>,
    /// `vrrp_startup_delay`
    pub vrrp_startup_delay: Setting<Duration>,
    /// `vrrp_delay_after_boot`
    pub vrrp_delay_after_boot: Setting<Duration>,
    /// `dynamic_interfaces`
    pub dynamic_interfaces: Spanned<bool>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// Where a block stands; equal to any other place, since a written file has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place(pub Option<Span>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Gratuitous ARP and unsolicited neighbour advertisements. Unset ones of an instance come from `global_defs`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Garp {
    /// `garp_master_delay`: time to the second set, whole seconds.
    pub master_delay: Setting<Duration>,
    /// `garp_master_repeat`: messages in a set.
    pub master_repeat: Setting<u32>,
    /// `garp_lower_prio_delay`
    pub lower_prio_delay: Setting<Duration>,
    /// `garp_lower_prio_repeat`
    pub lower_prio_repeat: Setting<u32>,
    /// `garp_master_refresh`: how often they are repeated while master, whole seconds; 0 is never.
    pub master_refresh: Setting<Duration>,
    /// `garp_master_refresh_repeat`
    pub master_refresh_repeat: Setting<u32>,
}

/// `state`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// `MASTER`: starts with the address.
    Master,
    /// `BACKUP`: starts by listening.
    Backup,
}

/// `vrrp_instance`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instance {
    /// Its name.
    pub name: Setting<String>,
    /// Where the block stands.
    pub place: Place,
    /// `state`
    pub state: Setting<State>,
    /// `interface`
    pub interface: Setting<String>,
    /// `virtual_router_id`: 1 to 255.
    pub virtual_router_id: Setting<u8>,
    /// `priority`: 1 to 255.
    pub priority: Setting<u8>,
    /// `advert_int`
    pub advert_int: Setting<Duration>,
    /// `version`: 2 or 3.
    pub version: Setting<u8>,
    /// `nopreempt`; its old opposite `preempt` sets it to false.
    pub nopreempt: Spanned<bool>,
    /// `preempt_delay`
    pub preempt_delay: Setting<Duration>,
    /// `accept` (true) or `no_accept` (false).
    pub accept: Setting<bool>,
    /// `strict_mode`
    pub strict_mode: Setting<bool>,
    /// `use_vmac` with its arguments; an empty text when there are none.
    pub use_vmac: Setting<String>,
    /// `vmac_xmit_base`
    pub vmac_xmit_base: Spanned<bool>,
    /// `dont_track_primary`
    pub dont_track_primary: Spanned<bool>,
    /// `track_src_ip`
    pub track_src_ip: Spanned<bool>,
    /// `native_ipv6`
    pub native_ipv6: Spanned<bool>,
    /// `mcast_src_ip`
    pub mcast_src_ip: Setting<IpAddr>,
    /// `mcast_dst_ip`
    pub mcast_dst_ip: Setting<IpAddr>,
    /// `unicast_src_ip`
    pub unicast_src_ip: Setting<IpAddr>,
    /// `unicast_peer`: the peers that the daemon really has.
    pub unicast_peers: Vec<Peer>,
    /// `unicast_fault_no_peer`
    pub unicast_fault_no_peer: Spanned<bool>,
    /// `unicast_ttl`
    pub unicast_ttl: Setting<u8>,
    /// `check_unicast_src`
    pub check_unicast_src: Spanned<bool>,
    /// `authentication`
    pub authentication: Option<Authentication>,
    /// `virtual_ipaddress`: addresses that move and are announced.
    pub virtual_addresses: Vec<VirtualAddress>,
    /// `virtual_ipaddress_excluded`: addresses that move and are not announced.
    pub excluded_addresses: Vec<VirtualAddress>,
    /// `track_script`, `track_interface` and the like.
    pub tracks: Tracks,
    /// `notify`, `notify_master` and the like.
    pub notify: Vec<Notify>,
    /// `garp_…`
    pub garp: Garp,
    /// `down_timer_adverts`: 1 to 100.
    pub down_timer_adverts: Setting<u8>,
    /// `smtp_alert`
    pub smtp_alert: Setting<bool>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// One line of `unicast_peer`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peer {
    /// The peer.
    pub address: Setting<IpAddr>,
    /// `min_ttl`
    pub min_ttl: Setting<u8>,
    /// `max_ttl`
    pub max_ttl: Setting<u8>,
    /// Words behind it that the daemon ignores: further addresses on the same line are no peers.
    pub ignored: Vec<Spanned<String>>,
}

/// `authentication`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Authentication {
    /// Where the block stands.
    pub place: Place,
    /// `auth_type`: `PASS` or `AH`.
    pub auth_type: Setting<String>,
    /// `auth_pass`: a secret, of which eight characters count.
    pub auth_pass: Setting<String>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// One line of `virtual_ipaddress`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VirtualAddress {
    /// The address.
    pub address: Setting<IpAddr>,
    /// Prefix length; the daemon takes the full length when it is absent.
    pub prefix: Setting<u8>,
    /// `dev`: the interface it is added to, when not that of the instance.
    pub device: Setting<String>,
    /// `label`
    pub label: Setting<String>,
    /// `scope`
    pub scope: Setting<String>,
    /// Other words, in their order (`brd 10.0.0.255`, `no_track` …).
    pub options: Vec<Spanned<String>>,
}
