//! What an instance tracks, and whom it tells.

use std::time::Duration;

use plimsoll_diagnostics::Spanned;

use super::Place;
use crate::{Kept, Setting};

/// `vrrp_script`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VrrpScript {
    /// Its name.
    pub name: Setting<String>,
    /// Where the block stands.
    pub place: Place,
    /// `script`: the command line, its outer quotes removed.
    pub script: Setting<String>,
    /// `interval`: time between runs.
    pub interval: Setting<Duration>,
    /// `timeout`: time after which a run counts as failed.
    pub timeout: Setting<Duration>,
    /// `weight`: -253 to 253; 0 puts the instance into FAULT.
    pub weight: Setting<i32>,
    /// `weight … reverse`
    pub reverse: Spanned<bool>,
    /// `fall`: failures in a row that count.
    pub fall: Setting<u32>,
    /// `rise`: successes in a row that count.
    pub rise: Setting<u32>,
    /// `user USER [GROUP]`, both words.
    pub user: Setting<String>,
    /// `init_fail`: taken as failed at the start.
    pub init_fail: Spanned<bool>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// `vrrp_track_process`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrackProcess {
    /// Its name.
    pub name: Setting<String>,
    /// Where the block stands.
    pub place: Place,
    /// `process`: name and parameters.
    pub process: Setting<String>,
    /// `weight`: -254 to 254.
    pub weight: Setting<i32>,
    /// `weight … reverse`
    pub reverse: Spanned<bool>,
    /// `quorum`: how many processes must run.
    pub quorum: Setting<u32>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// `track_file`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrackFile {
    /// Its name.
    pub name: Setting<String>,
    /// Where the block stands.
    pub place: Place,
    /// `file`
    pub file: Setting<String>,
    /// `weight`
    pub weight: Setting<i32>,
    /// `weight … reverse`
    pub reverse: Spanned<bool>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// One line of `track_script`, `track_interface` and the like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// What is tracked.
    pub name: Setting<String>,
    /// Weight of this use; that of the tracked thing when absent.
    pub weight: Setting<i32>,
    /// `reverse` (true) or `noreverse` (false).
    pub reverse: Setting<bool>,
    /// Words behind it that the daemon does not know.
    pub ignored: Vec<Spanned<String>>,
}

/// All that an instance or a group tracks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tracks {
    /// `track_script`
    pub scripts: Vec<Track>,
    /// `track_interface`
    pub interfaces: Vec<Track>,
    /// `track_process`
    pub processes: Vec<Track>,
    /// `track_file`
    pub files: Vec<Track>,
    /// `track_bfd`
    pub bfd: Vec<Track>,
}

/// `vrrp_sync_group`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncGroup {
    /// Its name.
    pub name: Setting<String>,
    /// Where the block stands.
    pub place: Place,
    /// `group`: names of instances that change together.
    pub instances: Vec<Setting<String>>,
    /// What the group tracks.
    pub tracks: Tracks,
    /// Whom it tells.
    pub notify: Vec<Notify>,
    /// Everything else.
    pub unknown: Vec<Kept>,
}

/// When a script is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyEvent {
    /// `notify_master`
    Master,
    /// `notify_backup`
    Backup,
    /// `notify_fault`
    Fault,
    /// `notify_stop`
    Stop,
    /// `notify_deleted`
    Deleted,
    /// `notify_master_rx_lower_pri`
    MasterRxLowerPri,
    /// `notify`: every change.
    Any,
}

impl NotifyEvent {
    const ALL: [(&'static str, NotifyEvent); 7] = [
        ("notify_master", NotifyEvent::Master),
        ("notify_backup", NotifyEvent::Backup),
        ("notify_fault", NotifyEvent::Fault),
        ("notify_stop", NotifyEvent::Stop),
        ("notify_deleted", NotifyEvent::Deleted),
        ("notify_master_rx_lower_pri", NotifyEvent::MasterRxLowerPri),
        ("notify", NotifyEvent::Any),
    ];

    /// The keyword.
    pub fn keyword(self) -> &'static str {
        Self::ALL.iter().find(|(_, event)| *event == self).map_or("notify", |(word, _)| word)
    }

    /// The event of a keyword.
    pub fn from_keyword(word: &str) -> Option<NotifyEvent> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, event)| *event)
    }
}

/// A script that is run on a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Notify {
    /// When.
    pub event: NotifyEvent,
    /// The command line.
    pub command: Setting<String>,
    /// `USER [GROUP]`, both words.
    pub user: Setting<String>,
}
