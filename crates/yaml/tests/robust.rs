//! Whatever the text: trees come out bounded, and what is written reads back equal.

use std::time::{Duration, Instant};

use plimsoll_diagnostics::Sources;
use plimsoll_yaml::mutate::mutate;
use plimsoll_yaml::{emit_documents, read_documents};

const MANIFESTS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: { name: a, labels: { app: \"on\", n: \"1.30\" } }
data:
  Corefile: |
    .:53 {
        errors
    }
  folded: >-
    one
    two
---
apiVersion: apps/v1
kind: Deployment
spec:
  base: &base { cpu: 500m }
  other:
    <<: *base
    memory: 1Gi
  args: [--a=b, '--c', \"d\\te\"]
  list:
  - - nested
    - 0644
  - null
...
";

#[test]
fn variants_are_read_and_what_is_written_reads_back_equal() {
    for seed in 0..800 {
        let start = Instant::now();
        let mut sources = Sources::new();
        let (id, _) = sources.add_bytes("m.yaml", &mutate(MANIFESTS, seed));
        let text = sources.get(id).text.clone();
        let (documents, _) = read_documents(&text, id);
        for document in &documents {
            assert!(document.height() <= 65);
        }
        let written = emit_documents(&documents);
        let (again, problems) = read_documents(&written, id);
        // A tag may stand where block style cannot write it back; trees without one must be equal.
        if !text.contains('!') {
            assert!(problems.is_empty() || written.len() > 1 << 20, "seed {seed}: {problems:?}\n{written}");
            assert_eq!(again, documents, "seed {seed}\n{written}");
        }
        assert!(start.elapsed() < Duration::from_secs(2), "seed {seed} took {:?}", start.elapsed());
    }
}
