//! Files somebody already has: which of them we know, and whose they are.

mod backends;
mod bounds;
mod embedded;
pub mod left_over;
mod machines;
mod recognise;

use plimsoll_diagnostics::{Diagnostics, SourceId, Sources, Span, Spanned};
use plimsoll_formats::{
    chrony, corefile, corosync, env, etcd, externaldns, frr, haproxy, hosts, interfaces, keepalived, kubelet_flags,
    kubernetes, modules_load, named, netplan, nftables, pve, resolv, sysctl, systemd, zone,
};

pub use bounds::{About, Cut, leaves_unread};
pub use recognise::{CLUSTER_FILE, is_judged_by_name, recognise};

/// Files somebody already has.
#[derive(Debug, Default)]
pub struct Files {
    /// Each file with what it was recognised as, in the order in which they were given.
    pub list: Vec<File>,
    /// What the readers had to say: statements they did not know, templates that nobody filled in.
    pub problems: Diagnostics,
    /// Files of which a part is not judged, because it is far too much.
    pub cuts: Vec<Cut>,
}

/// One file.
#[derive(Debug)]
pub struct File {
    /// The text.
    pub source: SourceId,
    /// Its path as given.
    pub path: String,
    /// Whose it is: the machine that its path names (`cp-1/etc/…`), else the folder it lies in, or what tells it apart
    /// from another machine's file there (`m1` of `keepalived-m1.conf`).
    pub owner: String,
    /// What it was recognised as.
    pub content: Content,
    /// Whether all of it was read. Where its syntax is broken, or it has far too much, the rest is not judged.
    pub whole: bool,
}

macro_rules! contents {
    ($($(#[doc = $doc:literal])+ $variant:ident($type:ty) = $kind:literal;)+) => {
        /// What a file was recognised as.
        #[derive(Debug)]
        pub enum Content {
            $($(#[doc = $doc])+ $variant(Box<$type>),)+
            /// A file whose reader is not worth having, but that belongs to a configuration (a certificate, a page of documentation).
            Known(&'static str),
            /// Nothing we know.
            Unrecognised,
        }

        impl Content {
            /// What it is, in a few words.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Content::$variant(_) => $kind,)+
                    Content::Known(kind) => kind,
                    Content::Unrecognised => "not recognised",
                }
            }
        }

        impl Files {
            /// Reads a text as what it was recognised as.
            fn content(kind: Kind, source: SourceId, sources: &Sources, problems: &mut Diagnostics) -> Content {
                match kind {
                    $(Kind::$variant => {
                        let read = Reader::<$type>::read(source, sources);
                        problems.extend(read.problems);
                        Content::$variant(Box::new(read.value))
                    })+
                    Kind::Known(what) => Content::Known(what),
                    Kind::Unrecognised => Content::Unrecognised,
                }
            }
        }

        /// What a file looks like, before it is read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Kind {
            $($variant,)+
            Known(&'static str),
            Unrecognised,
        }
    };
}

contents! {
    /// Objects of Kubernetes and of what runs on it; kubeadm's own documents too.
    Kubernetes(kubernetes::Manifest) = "Kubernetes objects";
    /// `/etc/default/etcd`, `etcd.env`, a unit or `etcd.conf.yml`.
    Etcd(etcd::EtcdConf) = "etcd settings";
    /// A systemd unit of something else.
    Unit(systemd::Unit) = "systemd unit";
    /// `/etc/default/kubelet`.
    KubeletFlags(kubelet_flags::Conf) = "kubelet flags";
    /// Other variables.
    Variables(env::Conf) = "variables";
    /// `named.conf` and what it includes.
    Named(named::Conf) = "BIND configuration";
    /// A zone.
    Zone(zone::Zone) = "DNS zone";
    /// A Corefile.
    Corefile(corefile::Conf) = "Corefile";
    /// `frr.conf`.
    Frr(frr::Conf) = "FRR configuration";
    /// Arguments of ExternalDNS in a file of their own.
    ExternalDns(externaldns::Conf) = "ExternalDNS arguments";
    /// `corosync.conf`.
    Corosync(corosync::Conf) = "corosync configuration";
    /// `qemu-server/NNN.conf`.
    PveVm(pve::vm::Vm) = "Proxmox VE machine";
    /// `storage.cfg`, `jobs.cfg`, `ha/*.cfg`.
    PveSections(pve::sections::Conf) = "Proxmox VE settings";
    /// `/etc/network/interfaces` and what it includes.
    Interfaces(interfaces::Conf) = "network interfaces";
    /// `/etc/netplan/*.yaml`.
    Netplan(netplan::Conf) = "netplan configuration";
    /// `nftables.conf`.
    Nftables(nftables::Ruleset) = "nftables rules";
    /// `chrony.conf`.
    Chrony(chrony::Conf) = "chrony configuration";
    /// `sysctl.conf`.
    Sysctl(sysctl::Conf) = "sysctl settings";
    /// `/etc/modules-load.d`.
    ModulesLoad(modules_load::Conf) = "kernel modules";
    /// `/etc/hosts`.
    Hosts(hosts::Conf) = "hosts file";
    /// `resolv.conf`.
    Resolv(resolv::Conf) = "resolver configuration";
    /// `keepalived.conf`.
    Keepalived(keepalived::Conf) = "keepalived configuration";
    /// `haproxy.cfg`.
    Haproxy(haproxy::Conf) = "HAProxy configuration";
    /// A script, such as the check that keepalived runs.
    Script(Script) = "script";
}

/// A script as it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// Its text.
    pub text: Spanned<String>,
}

fn read_script(source: SourceId, sources: &Sources) -> plimsoll_formats::Read<Script> {
    let text = sources.get(source).text.clone();
    let span = Span::new(source, 0, text.find('\n').unwrap_or(text.len()));
    plimsoll_formats::Read { value: Script { text: Spanned::at(text, span) }, problems: Diagnostics::new() }
}

/// etcd's settings in whichever of their forms: a unit, `etcd.conf.yml`, or variables.
fn read_etcd(source: SourceId, sources: &Sources) -> plimsoll_formats::Read<etcd::EtcdConf> {
    let text = sources.get(source);
    let yaml = [".yml", ".yaml"].iter().any(|ending| text.name.contains(ending));
    if text.text.lines().any(|line| line.trim() == "[Service]") {
        let unit = systemd::read(source, sources);
        let mut read = etcd::from_unit(&unit.value);
        read.problems.extend(unit.problems);
        read
    } else if yaml {
        etcd::read_yaml(source, sources)
    } else {
        etcd::read(source, sources)
    }
}

/// The reader of a type, found by the type.
struct Reader<T>(std::marker::PhantomData<T>);

macro_rules! readers {
    ($($type:ty => $read:path;)+) => {
        $(impl Reader<$type> {
            fn read(source: SourceId, sources: &Sources) -> plimsoll_formats::Read<$type> {
                $read(source, sources)
            }
        })+
    };
}

readers! {
    kubernetes::Manifest => kubernetes::read;
    etcd::EtcdConf => read_etcd;
    systemd::Unit => systemd::read;
    kubelet_flags::Conf => kubelet_flags::read;
    env::Conf => env::read;
    named::Conf => named::read;
    zone::Zone => zone::read;
    corefile::Conf => corefile::read;
    frr::Conf => frr::read;
    externaldns::Conf => externaldns::read;
    corosync::Conf => corosync::read;
    pve::vm::Vm => pve::vm::read;
    pve::sections::Conf => pve::sections::read;
    interfaces::Conf => interfaces::read;
    netplan::Conf => netplan::read;
    nftables::Ruleset => nftables::read;
    chrony::Conf => chrony::read;
    sysctl::Conf => sysctl::read;
    modules_load::Conf => modules_load::read;
    hosts::Conf => hosts::read;
    resolv::Conf => resolv::read;
    keepalived::Conf => keepalived::read;
    haproxy::Conf => haproxy::read;
    Script => read_script;
}

impl Content {
    /// Whether it is known.
    pub fn is_recognised(&self) -> bool {
        !matches!(self, Content::Unrecognised)
    }
}

impl Files {
    /// All objects of a Kubernetes kind, with the file they stand in.
    pub fn objects<T: kubernetes::Typed>(&self) -> impl Iterator<Item = (&File, &kubernetes::Object, &T)> {
        self.list.iter().flat_map(|file| {
            let manifest = match &file.content {
                Content::Kubernetes(manifest) => Some(manifest),
                _ => None,
            };
            manifest
                .into_iter()
                .flat_map(move |manifest| manifest.of::<T>().map(move |(object, body)| (file, object, body)))
        })
    }

    /// The files of one machine or folder.
    pub fn of<'a>(&'a self, owner: &'a str) -> impl Iterator<Item = &'a File> {
        self.list.iter().filter(move |file| file.owner == owner)
    }

    /// The script that lies at an absolute path of `owner`'s machine.
    pub fn script(&self, owner: &str, path: &str) -> Option<&Script> {
        let at = |file: &&File| file.owner == owner && file.path.ends_with(path.trim_start_matches('/'));
        self.list.iter().filter(at).find_map(|file| match &file.content {
            Content::Script(script) => Some(&**script),
            _ => None,
        })
    }

    /// Everybody that owns a file, sorted.
    pub fn owners(&self) -> std::collections::BTreeSet<&str> {
        self.list.iter().map(|file| file.owner.as_str()).collect()
    }
}
