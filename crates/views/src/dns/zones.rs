//! Zones of `named.conf` and of zone files.

use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_diagnostics::Span;
use plimsoll_formats::kubeadm::ClusterConfiguration;
use plimsoll_formats::kubernetes::calico::BgpConfiguration;
use plimsoll_formats::named::{self, Matched, RemoteHost, UpdatePolicy};
use plimsoll_formats::zone::Data;

use super::{Dns, ForwardZone, Grant, KeyView, Zone, plain};
use crate::files::{Content, File, Files};
use crate::{Fact, Place};

/// Zones of every named.conf. The files that one includes are read on their own, so keys and options are looked for in
/// all files of its owner.
pub(super) fn collect(files: &Files, dns: &mut Dns) {
    for file in &files.list {
        let Content::Named(conf) = &file.content else { continue };
        let mut server = Server { files, file, transfers: None };
        for (view, zone) in conf.all_zones() {
            if zone.kind.as_ref().is_some_and(|kind| kind.value == named::Kind::Forward) {
                dns.forward_zones.push(server.forward_zone(conf, zone));
            } else if zone.in_view.is_none() {
                dns.zones.push(server.zone(conf, view, zone));
            }
        }
        for view in &conf.views {
            let list = view.settings.match_clients.as_ref();
            dns.key_views.push(KeyView {
                server: file.owner.clone(),
                name: view.name.value.clone(),
                place: server.place(view.name.span, &format!("view {}", view.name.value)),
                keys: list.map(|list| list.value.keys().into_iter().map(plain).collect()).unwrap_or_default(),
            });
        }
    }
}

struct Server<'a> {
    files: &'a Files,
    file: &'a File,
    transfers: Option<Transfers<'a>>,
}

/// Whom a list lets have zones: kept for the zones after it, which mostly have the same list.
struct Transfers<'a> {
    list: &'a named::MatchList,
    keys: Vec<String>,
    /// Whether it names anything but keys and networks.
    opaque: bool,
}

impl<'a> Server<'a> {
    fn place(&self, span: Option<Span>, what: &str) -> Place {
        let owner = if self.file.owner.is_empty() { &self.file.path } else { &self.file.owner };
        Place::File { span, component: format!("{owner} {what}") }
    }

    /// Every named.conf of the same machine.
    fn confs(&self) -> impl Iterator<Item = &'a named::Conf> + use<'a> {
        let owner = &self.file.owner;
        self.files.list.iter().filter(move |file| file.owner == *owner).filter_map(|file| match &file.content {
            Content::Named(conf) => Some(&**conf),
            _ => None,
        })
    }

    fn zone(&mut self, conf: &'a named::Conf, view: Option<&'a named::View>, zone: &'a named::Zone) -> Zone {
        let name = plain(&zone.name.value);
        let title = format!("zone {name}");
        let place = self.place(zone.name.span, &title);
        let primary = zone.kind.as_ref().is_some_and(|kind| kind.value == named::Kind::Primary);
        let own = conf.in_effect(view, zone, |settings| settings.allow_transfer.as_ref());
        let elsewhere = self
            .confs()
            .filter_map(|conf| conf.options.as_ref())
            .find_map(|options| options.value.allow_transfer.as_ref());
        let transfer = own.or(elsewhere);
        // What this file's own options do not say may stand in an included file that is not here.
        let complete =
            self.confs().all(|conf| conf.includes.is_empty()) || self.confs().any(|conf| conf.options.is_some());
        let transfers = transfer.map(|list| {
            let Transfers { keys, opaque, .. } = self.transfers(&list.value);
            (list.span, if *opaque { None } else { Some(keys.clone()) })
        });
        let at = |span: Option<Span>| self.place(span.or(zone.name.span), &title);
        let transfer_keys = match transfers {
            Some((span, keys)) => Fact::maybe(keys, at(span)),
            None => Fact::unknown(place.clone()),
        };
        let stated = match transfer {
            Some(list) => Fact::known(true, at(list.span)),
            None if complete => Fact::known(false, place.clone()),
            None => Fact::unknown(place.clone()),
        };
        let updates = conf.in_effect(view, zone, |settings| settings.allow_update.as_ref());
        let open_updates = updates
            .iter()
            .flat_map(|list| list.value.without_key())
            .filter_map(|element| Some(Fact::known(self.unsigned(&element.value, 0)?, at(element.span))))
            .collect();
        Zone {
            forward: !name.ends_with(".in-addr.arpa") && !name.ends_with(".ip6.arpa"),
            servers: self.servers(&name, &place),
            hosts: Fact::unknown(place.clone()),
            transfer_keys,
            transfer_stated: stated,
            file: zone.file.as_ref().map(|file| Fact::known(self.path(conf, &file.value), at(file.span))),
            dynamic: zone.is_dynamic(),
            grants: self.grants(conf, view, zone, &at),
            open_updates,
            server: self.file.owner.clone(),
            view: view.map(|view| view.name.value.clone()),
            primary,
            place,
            name,
        }
    }

    fn transfers(&mut self, list: &'a named::MatchList) -> &Transfers<'a> {
        let known = self.transfers.take().filter(|known| std::ptr::eq(known.list, list));
        self.transfers.insert(known.unwrap_or_else(|| Transfers {
            list,
            keys: list.keys().into_iter().map(plain).collect(),
            opaque: list.without_key().iter().any(|element| !matches!(element.value, Matched::Net(_))),
        }))
    }

    /// Whom an element of a list lets in by address alone, other than this server itself.
    fn unsigned(&self, element: &Matched, depth: usize) -> Option<String> {
        /// Lists that name each other are no lists.
        const DEEPEST: usize = 8;
        match element {
            Matched::Any => Some("any".to_owned()),
            Matched::Localnets => Some("localnets".to_owned()),
            Matched::Net(net) if !net.addr().is_loopback() => Some(net.to_string()),
            Matched::Acl(name) if depth < DEEPEST => {
                let acl = self.confs().flat_map(|conf| &conf.acls).find(|acl| acl.name.value == *name)?;
                let first = acl.list.without_key().into_iter().find_map(|it| self.unsigned(&it.value, depth + 1))?;
                Some(if depth == 0 { format!("{name} ({first})") } else { first })
            }
            // `localhost` is this server.
            _ => None,
        }
    }

    fn grants(
        &self,
        conf: &named::Conf,
        view: Option<&named::View>,
        zone: &named::Zone,
        at: &dyn Fn(Option<Span>) -> Place,
    ) -> Vec<Grant> {
        let grant = |name: &str, span: Option<Span>, whole_zone: bool, types: Vec<String>| {
            let key = conf.key(view, name).or_else(|| self.confs().find_map(|conf| conf.key(None, name)));
            let place = at(span);
            let included = self.confs().any(|conf| !conf.includes.is_empty());
            Grant {
                key: plain(name),
                algorithm: Fact::maybe(
                    key.and_then(|key| key.algorithm.as_ref()).map(|name| name.value.to_ascii_lowercase()),
                    place.clone(),
                ),
                secret: key.and_then(|key| key.secret.as_ref()).map(|secret| secret.value.clone()),
                defined: match key {
                    Some(key) => Fact::known(true, at(key.name.span)),
                    None if included => Fact::unknown(place.clone()),
                    None => Fact::known(false, place.clone()),
                },
                whole_zone,
                types,
                place,
            }
        };
        let mut grants = Vec::new();
        if let Some(UpdatePolicy::Rules(rules)) = zone.update_policy.as_ref().map(|policy| &policy.value) {
            for rule in rules.iter().filter(|rule| rule.grant) {
                let whole = rule.kind.value.eq_ignore_ascii_case("zonesub")
                    || (rule.kind.value.eq_ignore_ascii_case("subdomain")
                        && rule.name.as_ref().is_some_and(|name| plain(name) == plain(&zone.name)));
                let types = rule.types.iter().map(|kind| kind.value.to_ascii_uppercase()).collect();
                grants.push(grant(&rule.identity, rule.identity.span, whole, types));
            }
        }
        if let Some(list) = conf.in_effect(view, zone, |settings| settings.allow_update.as_ref()) {
            for key in list.value.keys() {
                grants.push(grant(key, list.span, true, vec!["ANY".to_owned()]));
            }
        }
        grants
    }

    /// How many name servers the zone's own file names; unknown without that file.
    fn servers(&self, name: &str, place: &Place) -> Fact<usize> {
        let origin = format!("{name}.");
        for file in &self.files.list {
            let Content::Zone(zone) = &file.content else { continue };
            let records = zone.records(&origin);
            let is_it = file.owner == self.file.owner
                && records.iter().any(|record| record.name == origin && record.data.kind() == "SOA")
                && file.path.rsplit('/').next().is_some_and(|file| file.contains(name));
            if is_it {
                let servers: std::collections::BTreeSet<String> = records
                    .iter()
                    .filter(|record| record.name == origin)
                    .filter_map(|record| match record.data {
                        Data::Ns(name) => Some(plimsoll_formats::zone::absolute(name, &record.origin)),
                        _ => None,
                    })
                    .collect();
                let span = records.iter().find(|record| record.data.kind() == "NS").and_then(|record| record.span);
                return Fact::known(servers.len(), Place::File { span, component: place.component().to_owned() });
            }
        }
        Fact::unknown(place.clone())
    }

    fn path(&self, conf: &named::Conf, file: &str) -> String {
        if file.starts_with('/') {
            return file.to_owned();
        }
        let directory = std::iter::once(conf)
            .chain(self.confs())
            .find_map(|conf| conf.options.as_ref()?.value.directory.as_ref())
            .map_or("", |directory| directory.value.as_str());
        format!("{}/{file}", directory.trim_end_matches('/'))
    }

    fn forward_zone(&self, conf: &named::Conf, zone: &named::Zone) -> ForwardZone {
        let name = plain(&zone.name.value);
        let title = format!("zone {name}");
        let place = self.place(zone.name.span, &title);
        let forwarders = conf.in_effect(None, zone, |settings| settings.forwarders.as_ref());
        let forwarders = forwarders
            .iter()
            .flat_map(|list| &list.value.servers)
            .filter_map(|server| match server.host.value {
                RemoteHost::Address(address) => {
                    Some(Fact::known(address, self.place(server.host.span.or(zone.name.span), &title)))
                }
                RemoteHost::List(_) => None,
            })
            .collect();
        let listens = self
            .confs()
            .filter_map(|conf| conf.options.as_ref())
            .flat_map(|options| options.value.listen_on.iter().chain(&options.value.listen_on_v6))
            .flat_map(|list| &list.elements)
            .filter_map(|element| match &element.what.value {
                Matched::Net(net) if net.prefix_len() == net.max_prefix_len() => Some(net.addr()),
                _ => None,
            })
            .filter(|address: &IpAddr| !address.is_loopback())
            .collect();
        ForwardZone {
            name,
            forwarders,
            listens,
            services: services(self.files, &place),
            announced: announced(self.files),
            place,
        }
    }
}

/// Prefixes of services that kubeadm was told; its default where it was told nothing.
fn services(files: &Files, place: &Place) -> Fact<Vec<IpNet>> {
    let stated = files.objects::<ClusterConfiguration>().next().map(|(_, _, cluster)| {
        let networking = cluster.networking.as_ref();
        let subnet = networking.map(|networking| &networking.service_subnet);
        subnet.and_then(|subnet| subnet.or("10.96.0.0/12".to_owned())).unwrap_or_else(|| "10.96.0.0/12".to_owned())
    });
    Fact::maybe(stated.map(|list| list.split(',').filter_map(|net| net.trim().parse().ok()).collect()), place.clone())
}

fn announced(files: &Files) -> Vec<IpNet> {
    files
        .objects::<BgpConfiguration>()
        .flat_map(|(_, _, configuration)| &configuration.spec.service_cluster_ips)
        .filter_map(|block| block.cidr.get().and_then(|cidr| cidr.parse().ok()))
        .collect()
}
