//! What is promised, what is assumed, what is accepted.

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_model::range::{NumberRange, TimeRange};
use plimsoll_model::units::Millis;
use plimsoll_yaml::{FromNode, Map, Node, OneOrMany, Reader, Shape, ToNode, choice, record};

use crate::Opt;
use crate::scalars::{ComponentPath, Date, Goal, PromisePattern, RuleId, Setting};

impl crate::Spec {
    /// Every rule that the file names, to accept findings of it or to set what it goes by.
    pub fn named_rules(&self) -> Vec<(&str, Option<Span>)> {
        let settings = self.rules.keys().map(|id| (id.value.0.as_str(), id.span));
        let accepted = self.accept.keys().filter(|key| key.value.as_rule().is_some());
        let accepted = accepted.map(|key| (key.value.0.as_str(), key.span));
        let narrowed =
            self.accept.values().flat_map(|accept| accept.rules.iter()).map(|id| (id.value.0.as_str(), id.span));
        settings.chain(accepted).chain(narrowed).collect()
    }
}

/// The failures that each promise survives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survive {
    /// In ordinary times.
    pub always: Map<PromisePattern, Vec<Spanned<Goal>>>,
    /// While one host is drained for maintenance.
    pub while_drained: Map<PromisePattern, Vec<Spanned<Goal>>>,
}

/// The key of [`Survive`] that holds what is survived during maintenance.
const WHILE_DRAINED: &str = "while drained";

impl FromNode for Survive {
    const EMPTY: bool = true;

    fn from_node(node: &Node, reader: &mut Reader) -> Option<Self> {
        let mut always = node.clone();
        let mut while_drained = Map::default();
        if let plimsoll_yaml::Value::Mapping(entries) = &mut always.value
            && let Some(at) = entries.iter().position(|(key, _)| key.text == WHILE_DRAINED)
        {
            let (_, drained) = entries.remove(at);
            while_drained = reader.within(WHILE_DRAINED, |reader| Map::from_node(&drained, reader)).unwrap_or_default();
        }
        Some(Survive { always: Map::from_node(&always, reader)?, while_drained })
    }

    fn missing() -> Option<Self> {
        Some(Survive::default())
    }

    fn shape() -> Shape {
        fn record() -> plimsoll_yaml::RecordShape {
            let mut shape = plimsoll_yaml::RecordShape::new("Survive", "The failures that each promise survives.");
            shape.field::<Map<PromisePattern, Vec<Spanned<Goal>>>>(
                WHILE_DRAINED.into(),
                "What is survived while one host is drained for maintenance.",
            );
            shape.others::<PromisePattern, Vec<Spanned<Goal>>>();
            shape
        }
        Shape::Record(record)
    }
}

impl ToNode for Survive {
    fn to_node(&self) -> Node {
        let mut node = self.always.to_node();
        if let plimsoll_yaml::Value::Mapping(entries) = &mut node.value
            && !self.while_drained.is_empty()
        {
            entries.push((plimsoll_yaml::Key::new(WHILE_DRAINED), self.while_drained.to_node()));
        }
        node
    }

    fn is_absent(&self) -> bool {
        self.always.is_empty() && self.while_drained.is_empty()
    }
}

choice! {
    /// How a rule's finding counts.
    pub enum RuleSeverity: "a severity" {
        /// As an error.
        Error = "error",
        /// As a warning.
        Warning = "warning",
        /// As advice.
        Advice = "advice",
        /// Not at all.
        Off = "off",
    }
}

record! {
    /// A finding that is known and accepted.
    pub struct Accept {
        /// Why; people read this later.
        pub reason: Spanned<String>,
        /// Only these rules, where the key is a component.
        pub rules: OneOrMany<Spanned<RuleId>>,
        /// Only these components, where the key is a rule.
        pub components: OneOrMany<Spanned<ComponentPath>>,
        /// The day after which the finding comes back, in quotes.
        pub until: Opt<Date>,
    }

    /// What a rule goes by here.
    pub struct RuleSettings: Default {
        /// How its finding counts.
        pub severity: Opt<RuleSeverity>,
        /// Its thresholds, by the names its manual gives.
        pub limits: Map<String, Spanned<Setting>>,
    }

    /// How long things may take and how much may be lost.
    pub struct Objectives: Default {
        /// How long the API may be away when a part fails.
        pub api: Opt<Millis>,
        /// How long services may be away when a part fails.
        pub ingress: Opt<Millis>,
        /// How much of the cluster's state may be lost in a disaster.
        pub etcd_loss: Opt<Millis>,
        /// How much of the volumes' content may be lost in a disaster.
        pub volume_loss: Opt<Millis>,
        /// How long a restore may take.
        pub restore: Opt<Millis>,
    }

    /// When each host is taken down on purpose, as for updates.
    pub struct MaintenanceWindows {
        /// Windows a year for each host: a number, or two between which it lies.
        pub a_year: Spanned<NumberRange>,
        /// How long each lasts, or two lengths between which that lies.
        pub lasts: Spanned<TimeRange>,
    }

    /// How long it takes until a part that failed works again, spare parts and ways included.
    pub struct RepairTimes short "parts": Default {
        /// Strips, supplies, batteries, switches, cables, network ports and disks without a line of their own. Hosts mostly
        /// come back by themselves: a longer time counts at the upper end only.
        pub parts: Opt<TimeRange>,
        /// How long the public supply is away, and other sources that nothing feeds.
        pub feed: Opt<TimeRange>,
        /// Uninterruptible supplies.
        pub ups: Opt<TimeRange>,
        /// Their batteries.
        pub battery: Opt<TimeRange>,
        /// Racks as a whole.
        pub rack: Opt<TimeRange>,
        /// Power strips.
        pub pdu: Opt<TimeRange>,
        /// Power supplies of hosts and switches.
        pub psu: Opt<TimeRange>,
        /// Switches, the time of a restart included.
        pub switch: Opt<TimeRange>,
        /// Cables with their optics.
        pub cable: Opt<TimeRange>,
        /// Network ports of hosts.
        pub nic: Opt<TimeRange>,
        /// Hosts, the time of a restart included.
        pub host: Opt<TimeRange>,
        /// Disks.
        pub disk: Opt<TimeRange>,
        /// Virtual machines.
        pub machine: Opt<TimeRange>,
        /// Programs.
        pub program: Opt<TimeRange>,
    }

    /// How long a fault may go unnoticed, since what has it is not needed yet: the time between two tests, or until an alarm
    /// is looked at.
    pub struct TestIntervals: Default {
        /// The supplies of a device that has several; left out, 1 h to a year.
        pub psu: Opt<TimeRange>,
        /// Ports and cables of a bond of which one is in use and the others wait; left out, 1 h to a year.
        pub nic: Opt<TimeRange>,
        /// Batteries of uninterruptible supplies; left out, 30 days to two years.
        pub battery: Opt<TimeRange>,
    }

    /// What takes many things at once, whatever redundancy they have: a configuration that is pushed to all switches, a bug in
    /// a program that all members run, cooling, a person.
    pub struct CommonCause {
        /// What it takes: a kind of component (`switch`), a component with what stands in it (`rack/r1`), or all of a pattern
        /// (`machine/*/haproxy`).
        pub takes: OneOrMany<Spanned<ComponentPath>>,
        /// How often a year: a number, or two between which it lies.
        pub a_year: Spanned<NumberRange>,
        /// How long each time, or two lengths between which that lies.
        pub lasts: Spanned<TimeRange>,
    }

    /// What nobody has measured: taken as true, and listed in every proof.
    pub struct Assume: Default {
        /// The longest round trip between control-plane machines.
        pub rtt: Opt<Millis>,
        /// The 99th percentile of a write to etcd's disks.
        pub fsync: Opt<Millis>,
        /// Services with an address of their own.
        pub load_balancers: Opt<u32>,
        /// Pods in all.
        pub pods: Opt<u32>,
        /// Nodes the cluster will grow to.
        pub nodes: Opt<u32>,
        /// Changes a year that go wrong.
        pub bad_changes: Opt<f64>,
        /// How long each of them lasts.
        pub bad_change_lasts: Opt<Millis>,
        /// When hosts are taken down on purpose; left out, 2 to 12 windows a year of 12 minutes to 2 hours are taken.
        pub maintenance: Option<MaintenanceWindows>,
        /// How long it takes to replace a broken part: for all that is replaced, or by kind.
        pub repair: Option<RepairTimes>,
        /// How many crews repair what is broken, each one thing at a time in the order in which they broke; left out,
        /// nothing waits for another. Two or more are taken as one.
        pub crews: Opt<u32>,
        /// How often it is tested that what waits for its turn still works.
        pub tested: Option<TestIntervals>,
        /// What takes many things at once, by names of your own. Its time is shown apart.
        pub common_causes: Map<String, CommonCause>,
    }
}
