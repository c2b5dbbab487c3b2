//! Broken variants of manifests: the reader gives objects and says what is wrong, it never panics and never takes long;
//! and what is written of a typed object reads back as the same object.
//!
//! `PLIMSOLL_VARIANTS=50000` tries more of them than the sample.

use std::time::{Duration, Instant};

use plimsoll_diagnostics::Sources;
use plimsoll_formats::kubernetes::{self, Manifest, calico, metallb, object, workload};
use plimsoll_yaml::mutate::{alias_bomb, mutate};
use plimsoll_yaml::{emit, emit_documents};

const MANIFESTS: &str = include_str!("files/manifests.yaml");

fn variants() -> u64 {
    std::env::var("PLIMSOLL_VARIANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(200)
}

/// The objects, and how many problems were said; every place must lie in the text.
fn read(bytes: &[u8]) -> (Manifest, usize) {
    let mut sources = Sources::new();
    let (source, _) = sources.add_bytes("a file", bytes);
    let found = kubernetes::read(source, &sources);
    for annotation in found.problems.iter().flat_map(|problem| &problem.annotations) {
        assert!(annotation.span.end as usize <= sources.get(source).text.len());
    }
    (found.value, found.problems.len())
}

#[test]
fn good_manifests_are_understood_without_a_word() {
    let (manifest, problems) = read(MANIFESTS.as_bytes());
    assert_eq!(problems, 0);
    assert_eq!((manifest.objects.len(), manifest.others.len(), manifest.unknown.len()), (26, 0, 0));
}

#[test]
fn broken_manifests_give_objects_and_problems() {
    for seed in 0..variants() {
        let bytes = mutate(MANIFESTS, seed);
        let start = Instant::now();
        let (manifest, _) = read(&bytes);
        for object in &manifest.objects {
            let _ = (object.title(), object.embedded());
            for container in object.pods().iter().flat_map(|pods| &pods.containers) {
                let _ = (container.flags(), container.request("memory"), container.limit("cpu"));
            }
        }
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "seed {seed}: {:?} for {} bytes",
            start.elapsed(),
            bytes.len()
        );
        // Whole trees are kept: what is written of them reads back as the same objects.
        let text = emit_documents(manifest.objects.iter().map(|object| &object.node));
        let (again, _) = read(text.as_bytes());
        assert_eq!(again.objects.len(), manifest.objects.len(), "seed {seed}");
        for (again, first) in again.objects.iter().zip(&manifest.objects) {
            // Not `assert_eq`: its message would be the whole tree.
            assert!(again.node == first.node, "seed {seed}:\n{}\n{}", emit(&first.node), emit(&again.node));
        }
    }
}

#[test]
fn typed_objects_are_written_as_they_were_read() {
    fn check<T: kubernetes::Typed + PartialEq + std::fmt::Debug>(manifest: &Manifest) -> usize {
        manifest
            .of::<T>()
            .map(|(found, value)| {
                let text = emit(&object(&found.metadata, value));
                let (again, problems) = read(text.as_bytes());
                assert_eq!(problems, 0, "{text}");
                assert_eq!(again.of::<T>().next().map(|(_, value)| value), Some(value), "{text}");
            })
            .count()
    }
    let (manifest, _) = read(MANIFESTS.as_bytes());
    assert_eq!(check::<metallb::BgpPeer>(&manifest), 2);
    assert_eq!(check::<calico::Installation>(&manifest), 1);
    assert_eq!(check::<workload::Deployment>(&manifest), 1);
}

#[test]
fn bombs_do_not_go_off() {
    let start = Instant::now();
    read(alias_bomb(30).as_bytes());
    read(format!("a: {}", "[".repeat(100_000)).as_bytes());
    read("{{ x }}\n".repeat(200_000).as_bytes());
    read(format!("a: {}", "{{".repeat(500_000)).as_bytes());
    read("---\n".repeat(300_000).as_bytes());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
