//! What the virtual machine reported.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// The network of a machine after `ifup -a`.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// From the start of the monitor to its end.
    pub took: Duration,
    /// What `ifup -a` said; nothing when all is well.
    pub ifup: String,
    /// What `ifquery --check -a` said, and its exit code: 0 when each option is as the file says, as far as ifupdown2
    /// can see.
    pub ifquery: (String, i32),
    /// Links by name.
    pub links: BTreeMap<String, Link>,
    /// Bonds by name.
    pub bonds: BTreeMap<String, Bond>,
    /// VLANs that bridge ports pass, by port: only of bridges that filter VLANs do they mean something.
    pub vlans: BTreeMap<String, Vec<Vlan>>,
    /// Pings in the order of the peers.
    pub pings: Vec<Ping>,
}

/// One link as `ip -details link` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Bytes.
    pub mtu: u64,
    /// `UP`, `DOWN`, `LOWERLAYERDOWN` or `UNKNOWN`.
    pub state: String,
    /// What it is: `vlan`, `bridge`, `bond`, or nothing for a card.
    pub kind: Option<String>,
    /// The bond or bridge it is a port of.
    pub master: Option<String>,
    /// The link below a VLAN.
    pub lower: Option<String>,
    /// Number of a VLAN.
    pub vlan: Option<u64>,
    /// Whether a bridge filters VLANs.
    pub vlan_filtering: bool,
    /// Addresses with the length of the prefix, link-local ones left out.
    pub addresses: Vec<String>,
}

/// What the bonding driver says of one bond.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bond {
    /// `IEEE 802.3ad Dynamic link aggregation` and the like.
    pub mode: String,
    /// How flows are spread.
    pub hash: String,
    /// Names of ports whose link is up.
    pub up: Vec<String>,
    /// Names of all ports.
    pub ports: Vec<String>,
    /// Ports in the active aggregator.
    pub aggregated: u32,
    /// The other side, if there is one that speaks LACP.
    pub partner: Option<String>,
}

/// One range of VLANs of a bridge port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vlan {
    /// First number.
    pub first: u16,
    /// Last number.
    pub last: u16,
    /// Frames without a tag belong to it.
    pub pvid: bool,
}

/// One neighbour, asked with the largest packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// Whom.
    pub address: String,
    /// Whether an answer came.
    pub answered: bool,
    /// What `ping` said.
    pub output: String,
}

#[derive(Deserialize)]
struct RawVlans {
    ifname: String,
    vlans: Vec<RawVlan>,
}

#[derive(Deserialize)]
struct RawVlan {
    vlan: u16,
    #[serde(rename = "vlanEnd")]
    end: Option<u16>,
    #[serde(default)]
    flags: Vec<String>,
}

impl State {
    /// Reads a report; nothing when it is not whole.
    pub(super) fn read(report: &str, took: Duration) -> Option<Self> {
        let report = report.replace('\r', "");
        let sections: Vec<(&str, &str)> = report
            .split("\n==== ")
            .skip(1)
            .map(|section| section.split_once('\n').unwrap_or((section, "")))
            .map(|(name, text)| (name.trim(), text.trim()))
            .collect();
        let section = |wanted: &str| sections.iter().find(|(name, _)| *name == wanted).map(|(_, text)| *text);
        section("end")?;
        let addresses = addresses(section("addresses")?)?;
        let raw: Vec<RawVlans> = serde_json::from_str(section("vlans")?).ok()?;
        Some(Self {
            took,
            ifup: section("ifup")?.to_owned(),
            ifquery: (section("ifquery")?.to_owned(), section("ifquery-status")?.parse().ok()?),
            links: links(section("links")?, &addresses)?,
            bonds: sections
                .iter()
                .filter_map(|(name, text)| Some((name.strip_prefix("bonding ")?.to_owned(), Bond::read(text))))
                .collect(),
            vlans: raw
                .into_iter()
                .map(|port| {
                    let vlans = port.vlans.into_iter().map(|raw| Vlan {
                        first: raw.vlan,
                        last: raw.end.unwrap_or(raw.vlan),
                        pvid: raw.flags.iter().any(|flag| flag == "PVID"),
                    });
                    (port.ifname, vlans.collect())
                })
                .collect(),
            pings: sections
                .iter()
                .filter_map(|(name, text)| {
                    let address = name.strip_prefix("ping ")?.split(' ').next()?.to_owned();
                    Some(Ping { address, answered: text.contains("1 received"), output: (*text).to_owned() })
                })
                .collect(),
        })
    }
}

fn addresses(json: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let links: Vec<Value> = serde_json::from_str(json).ok()?;
    let of = |link: &Value| -> Option<(String, Vec<String>)> {
        let addresses = link["addr_info"].as_array()?.iter().filter(|address| address["scope"] != "link");
        let text = |address: &Value| Some(format!("{}/{}", address["local"].as_str()?, address["prefixlen"]));
        Some((link["ifname"].as_str()?.to_owned(), addresses.filter_map(text).collect()))
    };
    Some(links.iter().filter_map(of).collect())
}

fn links(json: &str, addresses: &BTreeMap<String, Vec<String>>) -> Option<BTreeMap<String, Link>> {
    let links: Vec<Value> = serde_json::from_str(json).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of = |link: &Value| -> Option<(String, Link)> {
        let name = text(&link["ifname"])?;
        let info = &link["linkinfo"];
        let link = Link {
            mtu: link["mtu"].as_u64()?,
            state: text(&link["operstate"])?,
            kind: text(&info["info_kind"]),
            master: text(&link["master"]),
            lower: text(&link["link"]),
            vlan: info["info_data"]["id"].as_u64().filter(|_| info["info_kind"] == "vlan"),
            vlan_filtering: info["info_data"]["vlan_filtering"] == 1,
            addresses: addresses.get(&name).cloned().unwrap_or_default(),
        };
        Some((name, link))
    };
    Some(links.iter().filter_map(of).collect())
}

impl Bond {
    /// Reads `/proc/net/bonding/NAME`: the bond's own lines, then a paragraph for each port.
    fn read(text: &str) -> Self {
        let mut bond = Self::default();
        for line in text.lines() {
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match key.trim() {
                "Bonding Mode" => value.clone_into(&mut bond.mode),
                "Transmit Hash Policy" => value.clone_into(&mut bond.hash),
                "Number of ports" => bond.aggregated = value.parse().unwrap_or(0),
                "Partner Mac Address" if value != "00:00:00:00:00:00" => bond.partner = Some(value.to_owned()),
                "Slave Interface" => bond.ports.push(value.to_owned()),
                "MII Status" if value == "up" => bond.up.extend(bond.ports.last().cloned()),
                _ => {}
            }
        }
        bond
    }
}
