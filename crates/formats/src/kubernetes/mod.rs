//! Objects of Kubernetes and of what runs on it, as people have them on disk: several documents in a file, `List`s,
//! JSON, templates that were not filled in.
//!
//! [`read`] makes [`Object`]s of a text. Those of a kind that rules judge have a typed [`Body`]; its fields are
//! [`Setting`](crate::Setting): absent is not the same as wrong or left open. Every object keeps its whole tree, so
//! nothing is lost of kinds and keys without a type.
//!
//! ```
//! use plimsoll_diagnostics::Sources;
//! use plimsoll_formats::kubernetes::{self, metallb::IpAddressPool};
//!
//! let text = "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: public}\n\
//!             spec: {addresses: [10.30.14.0/26]}\n";
//! let mut sources = Sources::new();
//! let source = sources.add("pool.yaml", text);
//! let manifest = kubernetes::read(source, &sources).value;
//! let (object, pool) = manifest.of::<IpAddressPool>().next().expect("a pool");
//! assert_eq!(object.name(), Some("public"));
//! assert!(pool.spec.auto_assign.is_absent());
//! ```

pub mod calico;
pub mod core;
mod embedded;
mod kinds;
pub mod meta;
pub mod metallb;
mod part;
pub mod quantity;
pub mod rook;
mod setting;
pub(crate) mod template;
#[cfg(test)]
mod tests;
pub mod workload;

use std::collections::BTreeMap;

use plimsoll_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span, Spanned};
use plimsoll_yaml::{FromNode, Key, Mode, Node, Reader, Rest, ToNode, Unknown, Value, read_documents};

use crate::words::{self, Fate, Words};
use crate::{Read, Setting};

pub use embedded::Embedded;
pub use kinds::{Body, Typed};
pub use meta::Metadata;
pub use part::Part;

/// The objects of one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// Objects in order; those inside a `List` in its place.
    pub objects: Vec<Object>,
    /// Documents that are no objects: values of a chart, variables of a playbook.
    pub others: Vec<Node>,
    /// Keys of typed objects that no type asked for; they are in the objects' trees.
    pub unknown: Vec<Unknown>,
}

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Group and version.
    pub api_version: Spanned<String>,
    /// Kind.
    pub kind: Spanned<String>,
    /// Name and labels.
    pub metadata: Metadata,
    /// What it holds.
    pub body: Body,
    /// All of it, as it was written.
    pub node: Node,
    /// Where it stands: its first key.
    pub span: Option<Span>,
}

impl Object {
    /// Its name, when it is known.
    pub fn name(&self) -> Option<&str> {
        self.metadata.name.get().map(String::as_str)
    }

    /// Its name for people; the place that a template left open, when it is one.
    pub fn shown_name(&self) -> &str {
        match &self.metadata.name {
            Setting::Known(name) => &name.value,
            Setting::Unknown(open) if !open.value.is_empty() => &open.value,
            _ => "(without name)",
        }
    }

    /// Its namespace, when it is stated and known.
    pub fn namespace(&self) -> Option<&str> {
        self.metadata.namespace.get().map(String::as_str)
    }

    /// What it holds, when it is of that kind.
    pub fn of<T: Typed>(&self) -> Option<&T> {
        T::of(&self.body)
    }

    /// What its pods look like, when it makes some: Deployment, StatefulSet, DaemonSet, Job, CronJob, Pod.
    pub fn pods(&self) -> Option<&workload::PodSpec> {
        self.pod_template().map(|template| &*template.spec).or(match &self.body {
            Body::Pod(pod) => Some(&pod.spec),
            _ => None,
        })
    }

    /// The template of its pods, when it has one.
    pub fn pod_template(&self) -> Option<&workload::PodTemplate> {
        match &self.body {
            Body::Deployment(it) => Some(&it.spec.template),
            Body::StatefulSet(it) => Some(&it.spec.template),
            Body::DaemonSet(it) => Some(&it.spec.template),
            Body::Job(it) => Some(&it.spec.template),
            Body::CronJob(it) => Some(&it.spec.job_template.spec.template),
            _ => None,
        }
    }

    /// `kind/name`, with the namespace before the name when there is one.
    pub fn title(&self) -> String {
        let name = self.shown_name();
        match self.namespace() {
            Some(namespace) => format!("{}/{namespace}/{name}", self.kind.value),
            None => format!("{}/{name}", self.kind.value),
        }
    }
}

impl Manifest {
    /// All objects of a kind with what they hold.
    pub fn of<T: Typed>(&self) -> impl Iterator<Item = (&Object, &T)> {
        self.objects.iter().filter_map(|object| Some((object, T::of(&object.body)?)))
    }
}

/// How many problems of one text are kept.
const MOST_PROBLEMS: usize = 500;
/// How deep a `List` may hold `List`s.
const DEEPEST_LIST: usize = 8;

/// Reads a file of objects, YAML or JSON.
pub fn read(source: SourceId, sources: &Sources) -> Read<Manifest> {
    let text = sources.get(source).text.as_str();
    let covered = template::cover(text);
    let (documents, mut problems) = read_documents(&covered.text, source);
    covered.report_control(source, text, &mut problems);
    let mut manifest = Manifest::default();
    let mut unread: BTreeMap<String, (usize, Option<Span>)> = BTreeMap::new();
    for mut document in documents {
        covered.uncover(&mut document, text, &mut problems);
        let mut reader = Reader::new(Mode::Lenient);
        take(document, &mut manifest, &mut reader, &mut unread, 0);
        let (said, unknown) = reader.finish();
        problems.extend(said);
        manifest.unknown.extend(unknown);
    }
    for (kind, (count, span)) in unread {
        let objects = if count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
        problems.push(
            Diagnostic::note_only(format!("{objects} of kind `{kind}` were kept but not understood"))
                .code("unknown-kind")
                .at(span, "the first"),
        );
    }
    for (_, pod) in manifest.of::<workload::Pod>() {
        problems.extend(etcd_flags(pod));
    }
    for (_, pool) in manifest.of::<metallb::IpAddressPool>() {
        pool.check(&mut problems);
    }
    note_unknown_keys(&manifest.unknown, &mut problems);
    if problems.len() > MOST_PROBLEMS {
        let more = problems.len() - MOST_PROBLEMS;
        let mut list = problems.into_vec();
        list.truncate(MOST_PROBLEMS);
        list.push(Diagnostic::warning(format!("{more} more problems are not shown")).code("too-many-problems"));
        problems = list.into();
    }
    Read { value: manifest, problems }
}

fn note_unknown_keys(unknown: &[Unknown], problems: &mut Diagnostics) {
    let Some(first) = unknown.first() else { return };
    let mut paths: Vec<String> = unknown.iter().take(5).map(|key| format!("`{}`", key.path)).collect();
    if unknown.len() > paths.len() {
        paths.push("…".into());
    }
    let keys = if unknown.len() == 1 { "1 key was".to_owned() } else { format!("{} keys were", unknown.len()) };
    problems.push(
        Diagnostic::note_only(format!("{keys} kept but not understood: {}", paths.join(", ")))
            .code("unknown-keys")
            .at(first.span, "the first"),
    );
}

/// Takes a document: an object, a list of objects, or something else.
fn take(
    node: Node,
    manifest: &mut Manifest,
    reader: &mut Reader,
    unread: &mut BTreeMap<String, (usize, Option<Span>)>,
    depth: usize,
) {
    let word = |key: &str| {
        let value = node.get(key)?;
        Some(Spanned { value: value.as_str().filter(|_| !value.is_null())?.to_owned(), span: value.span })
    };
    let (Some(api_version), Some(kind)) = (word("apiVersion"), word("kind")) else {
        manifest.others.push(node);
        return;
    };
    let is_list = kind.value.ends_with("List") && depth < DEEPEST_LIST;
    if let (true, Some(items)) = (is_list, node.get("items").and_then(Node::as_sequence)) {
        for item in items {
            take(item.clone(), manifest, reader, unread, depth + 1);
        }
        return;
    }
    let entries = node.as_mapping().unwrap_or_default();
    let span = entries.first().and_then(|(key, _)| key.span).or(node.span);
    let is_config = Body::has_no_metadata(&api_version.value);
    let metadata = match node.get("metadata").filter(|_| !is_config) {
        Some(metadata) => reader.within("metadata", |reader| Metadata::from_node(metadata, reader)).unwrap_or_default(),
        None => Metadata::default(),
    };
    let own = |key: &Key| !matches!(key.text.as_str(), "apiVersion" | "kind" | "metadata" | "status");
    let rest: Vec<_> = entries.iter().filter(|(key, _)| own(key)).cloned().collect();
    let content = Node { span: node.span, value: Value::Mapping(rest), tag: None };
    let before = reader.unasked().len();
    let body = reader.within(&kind.value, |reader| Body::read(&api_version.value, &kind.value, &content, reader));
    for problem in unknown_fields(&api_version.value, &reader.unasked()[before..]) {
        reader.push(problem);
    }
    if body == Body::Other && !kinds::is_of_no_interest(&api_version.value, &kind.value) {
        let title = format!("{} ({})", kind.value, api_version.value);
        unread.entry(title).or_insert((0, span)).0 += 1;
    }
    manifest.objects.push(Object { api_version, kind, metadata, body, node, span });
}

/// What is wrong with the flags of a static pod of etcd. What a template left open in them was said already.
fn etcd_flags(pod: &workload::Pod) -> Diagnostics {
    let runs_etcd = |program: &Spanned<String>| program.value == "etcd" || program.value.ends_with("/etcd");
    let containers = pod.spec.containers.iter().filter(|it| it.command.first().is_some_and(runs_etcd));
    let flags = containers.flat_map(|it| {
        let words: Vec<Spanned<String>> = it.command.iter().chain(&it.args).cloned().collect();
        crate::etcd::from_flags(&words).problems
    });
    flags.filter(|problem| problem.code == "unknown-statement").collect()
}

/// Fields that no version of an object has, of the groups whose fields are all known.
fn unknown_fields(api_version: &str, unasked: &[Unknown]) -> Diagnostics {
    let (what, by, known, fate): (_, _, &[&[&str]], _) = match kinds::group_of(api_version) {
        "metallb.io" => ("field of MetalLB", "the API server", &[words::metallb::FIELDS], Fate::Refused),
        "kubeadm.k8s.io" => ("field", "kubeadm", &[words::kubeadm::FIELDS], Fate::Ignored),
        _ => return Diagnostics::new(),
    };
    let keys = unasked.iter().map(|key| (key.path.rsplit('.').next().unwrap_or_default(), key.span));
    Words { what, reader: by, known, fate }.check(keys)
}

impl Body {
    /// Whether objects of this group are files of a program rather than objects of the API.
    fn has_no_metadata(api_version: &str) -> bool {
        matches!(
            kinds::group_of(api_version),
            "kubeadm.k8s.io" | "kubelet.config.k8s.io" | "kubeproxy.config.k8s.io" | "apiserver.config.k8s.io"
        )
    }
}

/// An object of the API as a tree, to be written.
pub fn object<T: Typed>(metadata: &Metadata, value: &T) -> Node {
    document(T::API_VERSION, T::KIND, Some(metadata.to_node()), &value.to_node())
}

/// A configuration file of a program, which has no metadata, as a tree, to be written.
pub fn config<T: Typed>(value: &T) -> Node {
    document(T::API_VERSION, T::KIND, None, &value.to_node())
}

/// A document of these parts.
pub fn document(api_version: &str, kind: &str, metadata: Option<Node>, content: &Node) -> Node {
    let mut entries = vec![(Key::new("apiVersion"), Node::text(api_version)), (Key::new("kind"), Node::text(kind))];
    entries.extend(metadata.map(|metadata| (Key::new("metadata"), metadata)));
    entries.extend(content.as_mapping().unwrap_or_default().iter().cloned());
    Node::mapping(entries)
}

/// Texts, as most lists of the API hold them.
pub fn texts<S: Into<String>>(list: impl IntoIterator<Item = S>) -> Vec<Spanned<String>> {
    list.into_iter().map(|text| Spanned::from(text.into())).collect()
}

/// A stated text.
pub fn text(value: impl Into<String>) -> Setting<String> {
    Setting::from(value.into())
}

/// Entries beyond those of a type.
pub fn rest<K: Into<String>>(entries: impl IntoIterator<Item = (K, Node)>) -> Rest {
    Rest(entries.into_iter().map(|(key, node)| (Key::new(key), node)).collect())
}
