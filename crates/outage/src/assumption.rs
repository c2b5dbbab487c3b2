//! What must be true for an interval to be a bound.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! assumptions {
    ($($name:ident: $text:literal,)+) => {
        /// What must be true for an interval to be a bound; each is a fact that no file of the cluster can state.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Assumption {
            $(#[doc = $text] $name,)+
        }

        impl Assumption {
            /// All of them.
            pub const ALL: &'static [Assumption] = &[$(Assumption::$name),+];

            /// In words.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Assumption::$name => $text,)+
                }
            }
        }
    };
}

assumptions! {
    Wakes: "a program whose timer is over runs within 50 ms: the machine is not overloaded",
    ClocksAgree: "timers run at the same speed on all machines",
    AdvertsArrive: "no VRRP advertisement is lost or late before the failure",
    ArpIsTaken: "clients and switches take the gratuitous ARP of the new holder",
    PeersAreSettled: "the other members were all up and settled before the failure",
    CheckTellsTheTruth: "the check fails when the path is broken, and passes otherwise",
    ElectionNotSplit: "the election is decided in its first round: no two members stand at the same moment",
    DiskAndNetworkAreQuick: "a round trip between members and an fsync take 10 ms at most, where no figure is stated",
    StartsQuickly: "the daemon is ready within 500 ms of its start",
    PodStartsQuickly: "a pod runs within 60 s of being scheduled: its image is there or near, and there is room",
    ControllersKeepUp: "controllers, the API and kube-proxy pass a change on within 3 s: their queues are empty",
    ApiAnswers: "the API answers meanwhile",
    ReconnectsAtOnce: "a client whose connection was reset opens another at once",
    ClientPings: "clients use HTTP/2 and ping a silent connection, as client-go does with its defaults",
    ClientSends: "somebody with a connection sends something, and so finds it dead; one that only listens waits longer",
    SwitchForwards: "the remaining switch forwards at once: its group of switches (MLAG) does not converge first",
    CarrierIsSeen: "the other end sees the loss of carrier at once",
    SilenceIsTotal: "what is half dead passes no LACP frames either, and its carrier stays",
    RouterIsDefault: "routers of others use VRRP with its defaults: every second, three missed, priority 1 or more",
    RouterAgrees: "routers of others have the BFD and BGP timers that the cluster asks of them",
    RoutesFlip: "a router takes a path out of use within 50 ms of losing the session",
    ResolverAsksNext: "who looks a name up asks the next server after 5 s, the C library's default",
    ForwardsWithDefaults: "whoever forwards outside names has the timeouts of CoreDNS's source: 2 s for an answer, 1 s for a check, a check each 0.5 s",
    TwoReporters: "OSDs of two other hosts see the failure and reach a monitor",
    PeeringIsQuick: "placement groups peer within 3 s: nothing was degraded before and queues are empty",
    MonitorsElectOnce: "monitors need one election",
    NoWeights: "no other tracked object moves the address",
    RoomIsLeft: "the other nodes have room for what must move",
    SharesNothing: "what others own fails alone",
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for Assumption {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
