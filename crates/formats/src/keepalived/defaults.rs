//! What keepalived makes of what a file does not say.

use std::time::Duration;

use super::{Conf, Instance, State, Track, VrrpScript};

/// An instance as it runs. `None` where the file states something unreadable, or where there is no default.
///
/// Defaults of keepalived 2.2 and 2.3: keepalived.conf(5) for the timers, version and down timer; `alloc_vrrp()` and
/// `vrrp.h` of its source for an interval of 1 s. Seen on 2.3.3 (`keepalived -d`): priority 100, and 255 for
/// `state MASTER`; the first address of the list decides the family, and those of the other are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// Default: `BACKUP`.
    pub state: Option<State>,
    /// Without it the instance is not started.
    pub virtual_router_id: Option<u8>,
    /// Default: 100, and 255 (the owner of the address) for `state MASTER`.
    pub priority: Option<u8>,
    /// Default: 1 s.
    pub advert_int: Option<Duration>,
    /// Default: 3 for IPv6 addresses, else `vrrp_version` of `global_defs`, else 2.
    pub version: Option<u8>,
    /// Default: no delay.
    pub preempt_delay: Option<Duration>,
    /// Default: `vrrp_strict` of `global_defs`.
    pub strict: Option<bool>,
    /// Default: accepted, unless strict. In strict mode of version 2 `accept` is taken back.
    pub accept: Option<bool>,
    /// Default: `vrrp_down_timer_adverts` of `global_defs`, else 3.
    pub down_timer_adverts: Option<u8>,
    /// Default: `vrrp_garp_master_refresh` of `global_defs`, else zero, which is never.
    pub garp_master_refresh: Option<Duration>,
    /// Whether peers are addressed one by one: only a peer makes it so, a source address does not.
    pub unicast: bool,
}

/// A script as it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectiveScript {
    /// Default: 1 s.
    pub interval: Option<Duration>,
    /// Default: the interval.
    pub timeout: Option<Duration>,
    /// Default: 0.
    pub weight: Option<i32>,
    /// Default: 1.
    pub fall: Option<u32>,
    /// Default: 1.
    pub rise: Option<u32>,
}

impl Conf {
    /// An instance with the defaults of the file and of the daemon.
    pub fn effective(&self, instance: &Instance) -> Effective {
        let global = &self.global;
        let first = instance.virtual_addresses.iter().find_map(|vip| vip.address.get());
        let ipv6 = instance.native_ipv6.value || first.is_some_and(std::net::IpAddr::is_ipv6);
        let strict = instance.strict_mode.or(global.vrrp_strict.value);
        let version = if ipv6 && instance.version.is_absent() {
            Some(3)
        } else {
            instance.version.inherit(&global.vrrp_version).or(2)
        };
        let state = instance.state.or(State::Backup);
        let priority = match state {
            Some(State::Master) => instance.priority.or(255),
            Some(State::Backup) => instance.priority.or(100),
            None => instance.priority.get().copied(),
        };
        Effective {
            state,
            virtual_router_id: instance.virtual_router_id.get().copied(),
            priority,
            advert_int: instance.advert_int.or(Duration::from_secs(1)),
            version,
            preempt_delay: instance.preempt_delay.or(Duration::ZERO),
            strict,
            accept: match (instance.accept.is_absent(), strict, priority) {
                (false, Some(true), _) if version == Some(2) && priority != Some(255) => Some(false),
                (false, _, _) => instance.accept.get().copied(),
                (true, Some(strict), Some(priority)) => Some(!strict || priority == 255),
                (true, _, _) => None,
            },
            down_timer_adverts: instance.down_timer_adverts.inherit(&global.vrrp_down_timer_adverts).or(3),
            garp_master_refresh: instance.garp.master_refresh.inherit(&global.garp.master_refresh).or(Duration::ZERO),
            unicast: !instance.unicast_peers.is_empty(),
        }
    }

    /// The script that a line of `track_script` names.
    pub fn script(&self, name: &str) -> Option<&VrrpScript> {
        self.scripts.iter().find(|script| script.name.get().is_some_and(|own| own == name))
    }

    /// The weight of a use: its own, else the script's, else 0. `None` when it cannot be told.
    pub fn script_weight(&self, track: &Track) -> Option<i32> {
        if !track.weight.is_absent() {
            return track.weight.get().copied();
        }
        self.script(track.name.get()?)?.weight.or(0)
    }
}

impl VrrpScript {
    /// The script with the daemon's defaults.
    pub fn effective(&self) -> EffectiveScript {
        let interval = self.interval.or(Duration::from_secs(1));
        EffectiveScript {
            interval,
            timeout: if self.timeout.is_absent() { interval } else { self.timeout.get().copied() },
            weight: self.weight.or(0),
            fall: self.fall.or(1),
            rise: self.rise.or(1),
        }
    }
}
