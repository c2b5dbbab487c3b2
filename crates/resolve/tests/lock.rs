//! What was allocated stays, across re-ordering, removal, return, renaming and merges.

mod common;

use common::{CAMPUS, FIVE_RACKS, Run, campus};
use plimsoll_diagnostics::Sources;
use plimsoll_diagnostics::render::{Style, text};
use plimsoll_resolve::{Lock, LockChange};

fn address(run: &Run, machine: &str) -> String {
    run.design().machine(machine).expect(machine).nic[&"kube".into()].address.to_string()
}

#[test]
fn a_second_run_changes_nothing() {
    let first = Run::of(CAMPUS);
    let second = Run::with_lock(CAMPUS, &first.lock());
    common::assert_same(second.design(), first.design());
    assert_eq!(second.lock(), first.lock());
    assert_eq!(second.problems(), "");
}

#[test]
fn order_without_meaning_has_no_effect() {
    let first = Run::of(CAMPUS);
    let machines = CAMPUS.lines().position(|line| line.starts_with("machines:")).expect("machines");
    let image = CAMPUS.lines().position(|line| line.starts_with("image:")).expect("image");
    let all: Vec<&str> = CAMPUS.lines().collect();
    // The sections in another order, the names of networks and tenants too.
    let moved = [&all[..machines], &all[image..], &all[machines..image]].concat().join("\n") + "\n";
    let moved = moved
        .replace("networks: [mgmt, storage, kube]", "networks: [kube, mgmt, storage]")
        .replace("for: [bmc, corosync]", "for: [corosync, bmc]")
        .replace("peers: gw-1..2", "peers: [gw-2, gw-1]")
        .replace("osds: worker-1..6", "osds: [worker-4..6, worker-1..3]")
        .replace("  all: [any]\n  capacity/*: [host + host]\n", "  capacity/*: [host + host]\n  all: [any]\n")
        .replace("vrids: [1, 51]", "vrids: [51, 1]")
        .replace("ntp: [10.30.1.11, 10.30.1.12, 10.30.1.13]", "ntp: [10.30.1.13, 10.30.1.11-12]")
        .replace(
            "{ utility: {}, ups-1: { from: utility, runtime: 20m } }",
            "{ ups-1: { runtime: 20m, from: utility }, utility: {} }",
        )
        .replace("disks: { os: boot 40GiB, etcd: fast 16GiB }", "disks: { etcd: fast 16GiB, os: boot 40GiB }")
        .replace(
            "recipients: [./keys/age-ops.pub, ./keys/age-escrow.pub]",
            "recipients: [./keys/age-escrow.pub, ./keys/age-ops.pub]",
        );
    assert_ne!(moved, CAMPUS);
    let second = Run::of(&moved);
    common::assert_same(second.design(), first.design());
    assert_eq!(first.lock(), second.lock());
}

#[test]
fn who_comes_back_gets_back_what_it_had() {
    let without = campus("  pve-1..6:", "  pve-1..5:");
    let without = without.replace("worker-1..6", "worker-1..5").replace("host: pve-1..6", "host: pve-1..5");
    let without = without.replace("mons: worker-4..6", "mons: worker-3..5");
    let first = Run::of(CAMPUS);
    let gone = Run::with_lock(&without, &first.lock());
    assert!(gone.lock().contains("address network/kube machine/worker-6 10.30.12.18 removed\n"), "{}", gone.lock());
    assert!(gone.lock().contains("port switch/leaf-1 host/pve-6/nic0 6 removed\n"), "{}", gone.lock());
    assert!(gone.lock().contains("vmid proxmox machine/worker-6 2010 removed\n"), "{}", gone.lock());

    // Somebody else comes meanwhile and gets other values.
    let other = without.replace(
        "ns-1..2: { role: zone-server",
        "extra: { role: worker, host: pve-1, cpu: 2, memory: 4GiB, disks: { os: boot 20GiB }, networks: [kube] }\n  ns-1..2: { role: zone-server",
    );
    let other = Run::with_lock(&other, &gone.lock());
    assert_eq!(address(&other, "extra"), "10.30.12.19/24", "the address of a tombstone waits");

    // All is as before, but that the zones have changed twice.
    let back = Run::with_lock(CAMPUS, &gone.lock());
    let mut design = back.design().clone();
    for zone in design.zone.values_mut() {
        zone.serial = 1;
    }
    common::assert_same(&design, first.design());
    let without_serials = |run: &Run| run.lock().lines().filter(|line| !line.starts_with("serial")).collect::<String>();
    assert_eq!(without_serials(&back), without_serials(&first));
}

#[test]
fn a_tombstone_gives_way_when_nothing_else_is_left() {
    let small =
        |range: &str| campus("for: [nodes, api, bgp] }", &format!("for: [nodes, api, bgp], allocate: {range} }}"));
    let first = Run::of(&small("10.30.12.10-18"));
    let lock = first.lock().replace("machine/worker-6 10.30.12.18\n", "machine/gone 10.30.12.18 removed\n");
    let second = Run::with_lock(&small("10.30.12.10-18"), &lock);
    assert_eq!(address(&second, "worker-6"), "10.30.12.18/24");
    assert!(!second.lock().contains("machine/gone"), "{}", second.lock());
}

#[test]
fn forgetting_drops_tombstones_only() {
    let mut sources = Sources::new();
    let text = "plimsoll-lock 1\n\
        address network/kube host/pve-6 10.30.12.20\n\
        address network/kube host/pve-7 10.30.12.21 removed\n\
        address network/kube host/pve-7/bmc 10.30.12.22 removed\n\
        address network/kube machine/cp-9 10.30.12.23 removed\n";
    let id = sources.add("cluster.lock", text);
    let (mut lock, problems) = Lock::read(id, &sources);
    assert!(problems.is_empty());
    assert_eq!(lock.forget("host/pve-6"), [] as [&str; 0]);
    assert_eq!(
        lock.forget("host/pve-7"),
        [
            "address network/kube host/pve-7 10.30.12.21 removed",
            "address network/kube host/pve-7/bmc 10.30.12.22 removed"
        ]
    );
    assert_eq!(lock.forget("machine/*"), ["address network/kube machine/cp-9 10.30.12.23 removed"]);
    assert_eq!(lock.len(), 1);
}

#[test]
fn a_new_name_keeps_what_the_old_one_had() {
    let first = Run::of(CAMPUS);
    let renamed = campus("worker-1..6: { role: worker,", "node-1..6: { role: worker, renamed_from: worker-1..6,");
    let renamed =
        renamed.replace("from: worker-1..6,", "from: node-1..6,").replace("osds: worker-1..6", "osds: node-1..6");
    let renamed = renamed
        .replace("mons: worker-4..6", "mons: node-4..6")
        .replace("renamed_from: node-1..6", "renamed_from: worker-1..6");
    let second = Run::with_lock(&renamed, &first.lock());
    assert_eq!(address(&second, "node-3"), address(&first, "worker-3"));
    assert_eq!(
        second.design().machine("node-3").expect("node-3").vmid,
        first.design().machine("worker-3").expect("worker-3").vmid
    );
    assert!(!second.lock().contains("worker-3"), "{}", second.lock());
}

#[test]
fn what_the_file_says_is_stronger_and_said() {
    let first = Run::of(CAMPUS);
    let fixed = campus(
        "networks: [kube], drain: stop }",
        "networks: [kube], drain: stop, addresses: { kube: 10.30.12.50-52 } }",
    );
    let second = Run::with_lock(&fixed, &first.lock());
    assert_eq!(address(&second, "cp-2"), "10.30.12.51/24");
    let said = second.problems();
    assert!(
        said.contains("note[lock-differs]: `machine/cp-2` gets address `10.30.12.51`; it had `10.30.12.11`"),
        "{said}"
    );
    let lock: Vec<String> =
        first.resolved.lock.changes(&second.resolved.lock).iter().map(ToString::to_string).collect();
    assert!(
        lock.contains(
            &"- address network/kube machine/cp-2 10.30.12.11\n+ address network/kube machine/cp-2 10.30.12.51"
                .to_owned()
        ),
        "{lock:?}"
    );
}

#[test]
fn what_somebody_holds_is_not_given_away_unasked() {
    let first = Run::of(CAMPUS);
    let refused = |file: &str| {
        let run = Run::with_lock(file, &first.lock());
        assert!(run.resolved.design.is_none(), "no design comes of it");
        run.problems()
    };
    assert_eq!(
        refused(&campus("vip: 10.30.12.100", "vip: 10.30.12.10")),
        "\
error[lock-taken]: `machine/cp-1` cannot keep address `10.30.12.10`
  --> cluster.yaml:50:40
   |
50 | api: { name: api.k8s.example.edu, vip: 10.30.12.10, port: 8443, balancer: stacked, failover: safe }
   |                                        ^^^^^^^^^^^ the address of the API
   |
  ::: cluster.lock:4:1
   |
 4 | address network/kube machine/cp-1 10.30.12.10
   | --------------------------------------------- it has it by the lock
   |
   = breaks: `machine/cp-1` would get another one, and whatever knows it by this one would not find it
   = help: choose another value; or, if `machine/cp-1` shall move, delete its line of the lock
"
    );
    // To another machine, and to somebody outside whose place in the file is not at hand.
    let said = refused(&campus(
        "ns-1..2: { role: zone-server",
        "extra: { role: worker, host: pve-1, cpu: 2, memory: 4GiB, disks: { os: boot 20GiB }, networks: [kube],\n    \
         addresses: { kube: 10.30.12.11 } }\n  ns-1..2: { role: zone-server",
    ));
    assert!(said.contains("error[lock-taken]: `machine/cp-2` cannot keep address `10.30.12.11`"), "{said}");
    assert!(said.contains("given to `machine/extra`"), "{said}");
    let said = refused(&campus("ntp: [10.30.1.11,", "ntp: [10.30.12.12,"));
    assert!(said.contains("it has it by the lock; by the file it is a server of the site"), "{said}");

    // Who asks for it gets it: without the line, cp-1 moves. A network that moves takes its members along.
    let without = first.lock().replace("address network/kube machine/cp-1 10.30.12.10\n", "");
    let moved = Run::with_lock(&campus("vip: 10.30.12.100", "vip: 10.30.12.10"), &without);
    assert_eq!(address(&moved, "cp-1"), "10.30.12.19/24");
    assert_eq!(address(&moved, "cp-2"), address(&first, "cp-2"));
    let file = CAMPUS.replace("10.30.12.", "10.30.112.");
    let renumbered = Run::with_lock(&file, &first.lock());
    assert_eq!(address(&renumbered, "cp-1"), "10.30.112.10/24");
    assert!(renumbered.problems().contains("note[lock-differs]: `machine/cp-1` cannot keep address `10.30.12.10`"));
}

#[test]
fn locked_mode_sees_what_would_change() {
    let first = Run::of(CAMPUS);
    assert_eq!(first.resolved.lock.changes(&first.resolved.lock), []);
    let added = Lock::new().changes(&first.resolved.lock);
    assert_eq!(added.len(), first.resolved.lock.len());
    assert!(matches!(&added[0], LockChange::Added(line) if line == "address network/kube machine/cp-1 10.30.12.10"));
}

#[test]
fn zones_get_a_new_serial_when_their_records_change() {
    let first = Run::of(CAMPUS);
    let serial = |run: &Run, zone: &str| run.design().zone[&zone.into()].serial;
    assert_eq!(serial(&first, "k8s.example.edu"), 1);
    let moved = campus("vip: 10.30.12.100", "vip: 10.30.12.101");
    let second = Run::with_lock(&moved, &first.lock());
    assert_eq!((serial(&second, "k8s.example.edu"), serial(&second, "11.30.10.in-addr.arpa")), (2, 1));
    let third = Run::with_lock(&moved, &second.lock());
    assert_eq!(serial(&third, "k8s.example.edu"), 2);
}

fn lock_problems(lock: &str) -> String {
    let mut sources = Sources::new();
    let id = sources.add("cluster.lock", lock);
    let (_, problems) = Lock::read(id, &sources);
    problems.iter().map(|problem| text(problem, &sources, Style::default())).collect()
}

#[test]
fn two_branches_that_took_one_address_are_told_so() {
    assert_eq!(
        lock_problems(
            "plimsoll-lock 1\n\
             address network/kube machine/worker-7 10.30.12.19\n\
             address network/kube machine/worker-8 10.30.12.19\n\
             vmid proxmox machine/worker-7 2011\n\
             vmid proxmox machine/worker-7 2012\n"
        ),
        "\
error[lock-duplicate]: address `10.30.12.19` of `network/kube` is given twice
 --> cluster.lock:3:1
  |
2 | address network/kube machine/worker-7 10.30.12.19
  | ------------------------------------------------- the first
3 | address network/kube machine/worker-8 10.30.12.19
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the second
  |
  = help: delete the line of the one that is not in use yet; it gets another
error[lock-duplicate]: `machine/worker-7` has two entries for one vmid of `proxmox`
 --> cluster.lock:5:1
  |
4 | vmid proxmox machine/worker-7 2011
  | ---------------------------------- the first
5 | vmid proxmox machine/worker-7 2012
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the second
  |
  = help: delete the line whose value nothing uses
"
    );
}

#[test]
fn many_problems_of_a_lock_are_counted() {
    for line in ["vmid proxmox machine/worker-7 2011\n", "address a b 10.0.0.1 removed\n", "<<<<<<<\n", "port x\n"] {
        let mut sources = Sources::new();
        let id = sources.add("cluster.lock", format!("plimsoll-lock 1\n{}", line.repeat(20_000)));
        let (lock, problems) = Lock::read(id, &sources);
        assert_eq!(problems.iter().count(), 201, "{line}");
        let last = problems.iter().last().map(|problem| problem.message.clone()).unwrap_or_default();
        // Every line but the first that is an entry has one.
        let unsaid = 20_000 - lock.len() - 200;
        assert_eq!(last, format!("{unsaid} further problems of the lock are not shown"), "{line}");
    }
}

/// A header and so many entries of things that are gone.
fn tombstones(count: usize) -> String {
    let entries = (0..count).map(|number| format!("vmid proxmox machine/old-{number} {} removed\n", 100_000 + number));
    std::iter::once("plimsoll-lock 1\n".to_owned()).chain(entries).collect()
}

#[test]
fn a_lock_that_is_too_long_is_neither_read_nor_written() {
    assert_eq!(lock_problems(&tombstones(20_000)), "");
    assert_eq!(
        lock_problems(&tombstones(20_010)),
        "\
error[lock-size]: a lock file has at most 20000 entries
     --> cluster.lock:20002:1
      |
20002 | vmid proxmox machine/old-20000 120000 removed
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ left out from here
      |
      = help: delete the lines that end in `removed` of what will not come back
"
    );
    // What would be written must be readable.
    let own = Run::of(CAMPUS).resolved.lock.len();
    let fits = Run::with_lock(CAMPUS, &tombstones(20_000 - own));
    assert_eq!(fits.resolved.lock.len(), 20_000);
    fits.design();
    let over = Run::with_lock(CAMPUS, &tombstones(20_001 - own));
    assert!(over.resolved.design.is_none());
    assert_eq!(over.resolved.lock.len(), 20_001 - own);
    let message = "error[lock-size]: the lock would have 20001 entries; at most 20000 are possible";
    assert!(over.problems().contains(message), "{}", over.problems());
    // Fifty hosts are far from that.
    assert!(Run::of(FIVE_RACKS).resolved.lock.len() * 20 < 20_000);
}

#[test]
fn a_damaged_lock_is_reported_and_never_a_panic() {
    assert_eq!(
        lock_problems(
            "plimsoll-lock 1\n<<<<<<< ours\nadress network/kube machine/a 10.0.0.1\nvrid network/kube api 0\nport x\n"
        ),
        "\
error[lock-conflict]: a conflict of version control was left in the lock
 --> cluster.lock:2:1
  |
2 | <<<<<<< ours
  | ^^^^^^^^^^^^
  |
  = help: keep the lines of both sides; what doubles is said then
error[lock-entry]: `adress` is no kind of entry
 --> cluster.lock:3:1
  |
3 | adress network/kube machine/a 10.0.0.1
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ did you mean `address`?
error[lock-entry]: `0` is no vrid
 --> cluster.lock:4:1
  |
4 | vrid network/kube api 0
  | ^^^^^^^^^^^^^^^^^^^^^^^
error[lock-entry]: an entry has four words: kind, scope, owner, value
 --> cluster.lock:5:1
  |
5 | port x
  | ^^^^^^
"
    );
    assert!(lock_problems("plimsoll-lock 2\n").contains("a lock file starts with `plimsoll-lock 1`"));
    assert_eq!(lock_problems(""), "");
    // Cut anywhere, a lock gives a value or a message.
    let whole = Run::of(CAMPUS).lock();
    for end in (0..whole.len()).step_by(17).filter(|end| whole.is_char_boundary(*end)) {
        let mut sources = Sources::new();
        let id = sources.add("cluster.lock", &whole[..end]);
        let (lock, _) = Lock::read(id, &sources);
        assert!(lock.len() <= whole.lines().count());
    }
}
