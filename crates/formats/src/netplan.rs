//! `/etc/netplan/*.yaml`: the network of a guest.
//!
//! Follows netplan 1.1 (Debian trixie). What rules ask about is typed; the other keys of a device stay in its `rest`.
//! Several files of one directory are one configuration to netplan, later ones winning key by key; each is read alone,
//! and [`Conf::merged`] puts them together. Defaults belong to the renderer: systemd-networkd asks for no address and takes the interface's own MTU.

mod merge;

use std::fmt;

use ipnet::IpNet;
use plimsoll_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span, Spanned};
use plimsoll_yaml::{
    FromNode, Map, Mode, Node, Reader, Rest, Scalar, Shape, ToNode, Value, emit, read_documents, record,
};

use crate::kubernetes::template;
use crate::report::Report;
use crate::words::{self, Fate, Words};
use crate::{Read, Setting, placeholder};

record! {
    /// One file.
    pub struct Conf: Default {
        /// The network.
        pub network: Option<Network>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// What stands below `network`.
    pub struct Network: Default {
        /// 2.
        pub version: Setting<u32>,
        /// `networkd` (the default) or `NetworkManager`.
        pub renderer: Setting<String>,
        /// Ports, by name or by an id that `match` explains.
        pub ethernets: Map<String, Device>,
        /// Bonds.
        pub bonds: Map<String, Device>,
        /// Bridges.
        pub bridges: Map<String, Device>,
        /// VLANs.
        pub vlans: Map<String, Device>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A port, bond, bridge or VLAN.
    pub struct Device: Default {
        /// Which hardware is meant.
        pub matching: Option<Matching> = "match",
        /// The name it gets.
        pub set_name: Setting<String> = "set-name",
        /// Its hardware address.
        pub macaddress: Setting<String>,
        /// Whether it asks for an IPv4 address.
        pub dhcp4: Setting<bool>,
        /// Whether it asks for an IPv6 address.
        pub dhcp6: Setting<bool>,
        /// Whether it believes router advertisements.
        pub accept_ra: Setting<bool> = "accept-ra",
        /// Largest packet in bytes.
        pub mtu: Setting<u32>,
        /// Addresses with prefix length.
        pub addresses: Vec<Address>,
        /// Default gateway, in a form that netplan calls deprecated.
        pub gateway4: Setting<String>,
        /// Default gateway, in a form that netplan calls deprecated.
        pub gateway6: Setting<String>,
        /// Routes.
        pub routes: Vec<Route>,
        /// Resolvers.
        pub nameservers: Option<Nameservers>,
        /// Ports of a bond or bridge.
        pub interfaces: Vec<Setting<String>>,
        /// VLAN id.
        pub id: Setting<u16>,
        /// Device below a VLAN.
        pub link: Setting<String>,
        /// Of a bond or bridge.
        pub parameters: Option<Parameters>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Which hardware is meant.
    pub struct Matching: Default {
        /// Its hardware address.
        pub macaddress: Setting<String>,
        /// Its name, with `*`.
        pub name: Setting<String>,
        /// Its driver.
        pub driver: OneOrManyWords,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A route.
    pub struct Route: Default {
        /// `default`, or a prefix.
        pub to: Setting<String>,
        /// The gateway.
        pub via: Setting<String>,
        /// The smallest one wins.
        pub metric: Setting<u32>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Resolvers.
    pub struct Nameservers: Default {
        /// Their addresses.
        pub addresses: Vec<Setting<String>>,
        /// Domains that are tried.
        pub search: Vec<Setting<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Of a bond or bridge.
    pub struct Parameters: Default {
        /// How a bond uses its ports: `802.3ad`, `active-backup` …
        pub mode: Setting<String>,
        /// `slow` or `fast`.
        pub lacp_rate: Setting<String> = "lacp-rate",
        /// How often links are looked at: milliseconds, or with a unit.
        pub mii_monitor_interval: Setting<Word> = "mii-monitor-interval",
        /// `layer2`, `layer3+4` …
        pub transmit_hash_policy: Setting<String> = "transmit-hash-policy",
        /// The port that is preferred.
        pub primary: Setting<String>,
        /// Whether a bridge runs the spanning tree protocol.
        pub stp: Setting<bool>,
        /// Time a bridge's port waits: seconds, or with a unit.
        pub forward_delay: Setting<Word> = "forward-delay",
        /// What else stands there.
        pub rest: Rest,
    }
}

/// A text that may look like a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word(pub String);

impl Scalar for Word {
    const NAME: &'static str = "a number, with or without a unit";
    const KIND: plimsoll_yaml::Kind = plimsoll_yaml::Kind::Either;
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Word(text.to_owned()))
    }
    fn write(&self) -> String {
        self.0.clone()
    }
}

/// One word or several.
pub type OneOrManyWords = plimsoll_yaml::OneOrMany<Setting<String>>;

/// An address: `10.0.0.1/24`, or the same with options below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address {
    /// Address and prefix length.
    pub net: Setting<IpNet>,
    /// `lifetime`, `label`.
    pub options: Option<Node>,
}

impl From<IpNet> for Address {
    fn from(net: IpNet) -> Self {
        Address { net: net.into(), options: None }
    }
}

impl FromNode for Address {
    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some([(key, options)]) = node.as_mapping() else {
            return Setting::from_node(node, reader).map(|net| Address { net, options: None });
        };
        let net = if let Ok(net) = key.text.parse() {
            Setting::Known(Spanned { value: net, span: key.span })
        } else {
            let message = format!("`{}` is no address with a prefix length", key.text);
            let problem = reader.problem("bad-value", message).at(key.span, "");
            reader.push(problem);
            Setting::Unknown(Spanned { value: key.text.clone(), span: key.span })
        };
        Some(Address { net, options: Some(options.clone()) })
    }
    fn shape() -> Shape {
        IpNet::shape()
    }
}

impl ToNode for Address {
    fn to_node(&self) -> Node {
        match &self.options {
            None => self.net.to_node(),
            Some(options) => Node::mapping(vec![(plimsoll_yaml::Key::new(self.net.to_string()), options.clone())]),
        }
    }
}

impl Device {
    /// The name that the kernel shows: `set-name`, else the key it stands under. Unknown when `match` picks by
    /// something else and no name is set.
    pub fn interface<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        match (&self.set_name, &self.matching) {
            (Setting::Known(name), _) => Some(&name.value),
            (Setting::Absent, None) => Some(key),
            _ => None,
        }
    }

    /// Gateways of the default route, in either form.
    pub fn default_gateways(&self) -> impl Iterator<Item = &Setting<String>> {
        let default = |to: &String| matches!(to.as_str(), "default" | "0.0.0.0/0" | "::/0" | "0/0");
        let routes =
            self.routes.iter().filter(move |route| route.to.get().is_some_and(default)).map(|route| &route.via);
        routes.chain([&self.gateway4, &self.gateway6].into_iter().filter(|gateway| !gateway.is_absent()))
    }
}

impl Network {
    /// All devices with the key they stand under.
    pub fn devices(&self) -> impl Iterator<Item = (&Spanned<String>, &Device)> {
        [&self.ethernets, &self.bonds, &self.bridges, &self.vlans]
            .into_iter()
            .flatten()
            .map(|(key, device)| (key, device))
    }
}

const KEYS: Words = Words { what: "key", reader: "netplan", known: &[words::netplan::KEYS], fate: Fate::Refused };

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

/// Reads one file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let (text, mut report) = Report::open(source, sources);
    let covered = template::cover(text);
    let (documents, mut problems) = read_documents(&covered.text, source);
    covered.report_control(source, text, &mut problems);
    let mut conf = Conf::default();
    let mut documents = documents.into_iter();
    if let Some(mut node) = documents.next() {
        covered.uncover(&mut node, text, &mut problems);
        variables(&node, &mut report);
        let mut reader = Reader::new(Mode::Lenient);
        conf = Conf::from_node(&node, &mut reader).unwrap_or_default();
        let unasked: Vec<_> = reader.unasked().iter().map(|key| (last(&key.path).to_owned(), key.span)).collect();
        problems.extend(KEYS.check(unasked.iter().map(|(key, span)| (key.as_str(), *span))));
        problems.extend(reader.finish().0);
    }
    if let Some(second) = documents.next() {
        let at = second.span.map(|span| Span::new(source, span.start as usize, span.start as usize));
        problems.push(Diagnostic::error("netplan reads one document a file").code("syntax").at(at, "the second one"));
    }
    deprecated(&conf, &mut problems);
    for problem in problems {
        report.push(problem);
    }
    report.close(conf)
}

/// Reports what scripts would fill in (`${VIP}`, `<VIP>`); places of templates are reported where they are uncovered.
/// The tree is as deep as the YAML reader allows.
fn variables(node: &Node, report: &mut Report) {
    match &node.value {
        Value::Scalar(scalar) => {
            let open = placeholder::find(&scalar.text).filter(|range| !scalar.text[range.clone()].starts_with('{'));
            if let (Some(range), Some(span)) = (open, node.span) {
                report.placeholder(&scalar.text[range], span);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| variables(item, report)),
        Value::Mapping(entries) => entries.iter().for_each(|(_, value)| variables(value, report)),
    }
}

/// What netplan itself warns about.
fn deprecated(conf: &Conf, problems: &mut Diagnostics) {
    for (_, device) in conf.network.iter().flat_map(Network::devices) {
        for gateway in [&device.gateway4, &device.gateway6] {
            if let Some(span) = gateway.span() {
                problems.push(
                    Diagnostic::warning("`gateway4` and `gateway6` are deprecated")
                        .code("deprecated")
                        .at(span, "")
                        .help("write `routes: [{ to: default, via: … }]`"),
                );
            }
        }
    }
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&emit(&self.to_node()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../tests/files/netplan.yaml");

    fn reading(text: &str) -> (Sources, Read<Conf>) {
        let mut sources = Sources::new();
        let id = sources.add("netplan.yaml", text);
        let read = read(id, &sources);
        (sources, read)
    }

    fn problems(sources: &Sources, read: &Read<Conf>) -> Vec<String> {
        let place = |problem: &Diagnostic| problem.span().map(|span| sources.locate(span)).unwrap_or_default();
        let short = |place: String| place.trim_start_matches("netplan.yaml:").to_owned();
        read.problems.iter().map(|problem| format!("{}: {}", short(place(problem)), problem.message)).collect()
    }

    #[test]
    fn reads_devices_with_their_places() {
        let (sources, read) = reading(GOOD);
        assert_eq!(problems(&sources, &read), ["29:17: `gateway4` and `gateway6` are deprecated"]);
        let network = read.value.network.as_ref().expect("it is there");
        let eth0 = network.ethernets.get("eth0").expect("it is there");
        assert_eq!(eth0.interface("eth0"), Some("eth0"));
        assert_eq!(eth0.mtu.get(), Some(&1500));
        assert_eq!(sources.locate(eth0.mtu.span().expect("read")), "netplan.yaml:12:12");
        assert_eq!(eth0.addresses[1].net.get(), Some(&"fd00::11/64".parse().expect("a prefix")));
        assert!(eth0.addresses[1].options.is_some());
        let gateways: Vec<_> = eth0.default_gateways().filter_map(Setting::get).collect();
        assert_eq!(gateways, ["10.30.12.1"]);
        let bond = network.bonds.get("bond0").and_then(|bond| bond.parameters.as_ref()).expect("it is there");
        assert_eq!(bond.mode.get().map(String::as_str), Some("802.3ad"));
        assert_eq!(bond.mii_monitor_interval.get(), Some(&Word("100".into())));
        assert_eq!(network.vlans.get("bond0.2000").and_then(|vlan| vlan.id.get()), Some(&2000));
        assert_eq!(network.devices().count(), 5);
    }

    #[test]
    fn what_is_written_reads_back() {
        let (_, first) = reading(GOOD);
        let text = first.value.to_string();
        assert_eq!(reading(&text).1.value, first.value, "{text}");
    }

    #[test]
    fn templates_are_unknown_and_wrong_values_are_said() {
        let text = "network:\n  ethernets:\n    eth0:\n      mtu: {{ mtu }}\n      addresses: [10.0.0.1, '{{ ip }}/24']\n      set-name: ${NIC}\n";
        let (sources, read) = reading(text);
        assert_eq!(
            problems(&sources, &read),
            [
                "6:17: `${NIC}` is not filled in",
                "4:12: `{{ mtu }}` is not filled in",
                "5:29: `{{ ip }}/24` is not filled in",
                "5:19: `10.0.0.1` is not an address with prefix length, such as `10.30.12.0/24`",
            ]
        );
        let network = read.value.network.expect("it is there");
        let eth0 = network.ethernets.get("eth0").expect("it is there");
        assert!(eth0.mtu.is_unknown());
        assert!(eth0.addresses.iter().all(|address| address.net.is_unknown()));
    }
}
