//! What parts cost here, for ranking what to buy.

use plimsoll_yaml::choice;

choice! {
    /// A part with a price.
    pub enum Part: "a part with a price" {
        /// A source of power of its own: another feed of the utility, or a generator.
        Feed = "feed",
        /// An uninterruptible power supply, or more batteries for one.
        Ups = "ups",
        /// A power distribution unit.
        Pdu = "pdu",
        /// A power supply unit of a device.
        Psu = "psu",
        /// A switch.
        Switch = "switch",
        /// A network port of a host: a card, or a share of one.
        Nic = "nic",
        /// A cable with what it is plugged into at both ends.
        Cable = "cable",
        /// A host with its disks.
        Host = "host",
    }
}
