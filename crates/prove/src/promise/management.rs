//! `management`: operators reach the hypervisors, and these can act.

use std::collections::BTreeMap;

use plimsoll_circuit::Node;
use plimsoll_model::Name;
use plimsoll_model::design::{Host, PlatformKind, Purpose, State};

use crate::build::Build;

use super::Promise;

/// Proxmox hosts that there are, up to which a majority is looked for at each switch; more make circuits too large.
const MOST: usize = 16;
/// Switches of a network at which a majority of more hosts than that is looked for.
const FEW: usize = 2;

/// A switch at which voters may meet, in its network.
type Meeting = (Name, Name);

impl Build<'_> {
    /// Proxmox VE has a quorum nowhere.
    fn no_quorum(&mut self) -> Node {
        self.once("no quorum".into(), |build| {
            let meetings = build.meetings();
            let each: Vec<Node> = meetings.iter().map(|meeting| build.few_votes_at(meeting.as_ref())).collect();
            let none = build.and(each);
            build.label(none, "Proxmox VE has no quorum")
        })
    }

    /// A host is in no quorum of Proxmox VE.
    pub(crate) fn without_quorum(&mut self, host: &Name) -> Node {
        self.once(format!("without quorum {host}"), |build| {
            let mut each = Vec::new();
            for meeting in build.meetings() {
                let few = build.few_votes_at(meeting.as_ref());
                let away = build.silent_at(host, meeting.as_ref());
                each.push(build.or([few, away]));
            }
            let alone = build.and(each);
            build.label(alone, format!("{host} has lost the quorum of Proxmox VE and resets itself"))
        })
    }

    fn voters(&self) -> Vec<Name> {
        let votes = |host: &Host| host.platform.kind == PlatformKind::Proxmox && host.state != State::Planned;
        self.design.host.iter().filter(|(_, host)| votes(host)).map(|(name, _)| name.clone()).collect()
    }

    /// Where a majority can meet: at a switch of one of corosync's networks, which all of it reach. `None` stands for
    /// "wherever each of them is", where nothing is known of links. Of many hosts it is looked for at the few switches of
    /// each network where most of them meet: a majority elsewhere is not counted, which is never better than the truth.
    fn meetings(&mut self) -> Vec<Option<Meeting>> {
        let voters = self.voters();
        let mut networks: Vec<Name> = Vec::new();
        for link in voters.iter().filter_map(|name| self.design.host.get(name)).flat_map(|host| host.corosync.values())
        {
            if !networks.contains(&link.network) {
                networks.push(link.network.clone());
            }
        }
        let mut meetings: Vec<Option<Meeting>> = Vec::new();
        for network in networks {
            let mut hubs = self.hubs(&network);
            if voters.len() > MOST && hubs.len() > FEW {
                hubs = self.centres(&network, FEW);
                self.assume(&format!(
                    "no majority of Proxmox VE meets in {network} but at {}",
                    hubs.iter().map(Name::as_str).collect::<Vec<_>>().join(" or ")
                ));
            }
            meetings.extend(hubs.into_iter().map(|switch| Some((network.clone(), switch))));
        }
        if meetings.is_empty() {
            self.assume("hosts that reach a switch of corosync's networks reach each other");
            return vec![None];
        }
        meetings
    }

    /// A host has no vote for those who meet there.
    fn silent_at(&mut self, host: &Name, meeting: Option<&Meeting>) -> Node {
        let down = self.host(host);
        let links: Vec<Name> = self
            .design
            .host
            .get(host)
            .map_or_else(Vec::new, |host| host.corosync.values().map(|link| link.network.clone()).collect());
        let cut = match meeting {
            Some((network, switch)) if links.contains(network) => self.cut_from_hub(host, network, switch),
            Some(_) => Node::TRUE,
            None if links.is_empty() => Node::FALSE,
            None => {
                let cut: Vec<Node> = links.iter().map(|network| self.cut_off(host, network)).collect();
                self.and(cut)
            }
        };
        let away = self.or([down, cut]);
        self.label(away, format!("{host} has no vote in Proxmox VE's cluster"))
    }

    /// The votes of those who meet there are no majority. An external vote counts one beside an even number of hosts, and
    /// one less than there are beside an odd one.
    fn few_votes_at(&mut self, meeting: Option<&Meeting>) -> Node {
        let key = meeting.map_or_else(String::new, |(network, switch)| format!("{network} {switch}"));
        self.once(format!("few votes {key}"), |build| {
            let voters = build.voters();
            let mut silent: Vec<(u64, Node)> = Vec::new();
            for name in &voters {
                silent.push((1, build.silent_at(name, meeting)));
            }
            let count = voters.len() as u64;
            let device = voters.iter().find_map(|name| build.design.host.get(name)?.platform.qdevice.clone());
            let mut votes = count;
            if let Some(device) = device {
                let more = if count.is_multiple_of(2) { 1 } else { count - 1 };
                votes += more;
                let away = build.external(&device);
                silent.extend((more > 0).then_some((more, away)));
            }
            let few = build.circuit.threshold(votes - (votes / 2 + 1) + 1, silent);
            build.label(few, "fewer than a majority of votes meet")
        })
    }
}

pub(super) fn management(build: &mut Build<'_>) -> Option<Promise> {
    let design = build.design;
    let hosts: BTreeMap<&Name, &Host> = design
        .host
        .iter()
        .filter(|(_, host)| host.platform.kind == PlatformKind::Proxmox && host.state != State::Planned)
        .collect();
    let count = hosts.len() as u64;
    if count == 0 {
        return None;
    }
    let office = design.network_for(Purpose::Proxmox).map(|(name, _)| name.clone());
    let mut unreached = Vec::new();
    for name in hosts.keys() {
        let down = build.host(name);
        let cut = office.as_ref().map_or(Node::FALSE, |network| build.cut_off(name, network));
        let away = build.or([down, cut]);
        unreached.push(build.label(away, format!("operators do not reach {name}")));
    }
    let few = count - (count / 2 + 1) + 1;
    let few_reached = build.circuit.at_least(few, unreached);
    let few_reached = build.label(few_reached, "operators reach fewer than half of the hosts");
    // Where every host votes over the operators' network too, and all meet at its core, one without a vote there is one that
    // operators do not reach, and as many are too few. Then the second says it all, and two counts at a time are not needed.
    let votes_there =
        |host: &Host| office.as_ref().is_some_and(|office| host.corosync.values().any(|link| link.network == *office));
    let at_core = office.as_ref().is_some_and(|office| build.has_core(office));
    let external = hosts.values().any(|host| host.platform.qdevice.is_some());
    let one_place = (hosts.len() > MOST && at_core) || build.meetings() == [None];
    let broken = if one_place && !external && hosts.values().all(|host| votes_there(host)) {
        few_reached
    } else {
        let no_quorum = build.no_quorum();
        build.or([no_quorum, few_reached])
    };
    Some(Promise {
        id: "management".into(),
        observer: "an operator behind the gateway",
        words: "a majority of the hypervisors is reached and has a quorum, so that guests can be started".into(),
        broken: build.label(broken, "the hypervisors cannot be managed"),
        origin: office.map_or_else(|| "host".to_owned(), |network| format!("network/{network}")),
        meant_by_all: true,
        from_start: None,
        stays: None,
        mended: Vec::new(),
    })
}
