//! ExternalDNS of manifests, chart values and files of arguments.

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::externaldns::{self, Conf, Effective};
use plimsoll_formats::kubernetes::core::Ingress;
use plimsoll_formats::kubernetes::workload::Deployment;
use plimsoll_formats::named::Secret;
use plimsoll_formats::{Setting, corefile};

use super::{Dns, Policy, Updater, plain};
use crate::files::{Content, Files};
use crate::{Fact, Place};

/// Prefix of annotations that versions up to 0.21 obey.
const OLD_PREFIX: &str = "external-dns.alpha.kubernetes.io/";

/// Every ExternalDNS, and the annotations and names that it would look at.
pub(super) fn collect(files: &Files, dns: &mut Dns) {
    for file in &files.list {
        if let Content::ExternalDns(conf) = &file.content {
            let place = Place::File {
                span: conf.flags.flags().next().and_then(|flag| flag.name.span),
                component: format!("ExternalDNS of {}", file.path),
            };
            dns.updaters.push(updater(conf, file.path.clone(), None, &place));
        }
    }
    for (_, object, deployment) in files.objects::<Deployment>() {
        for container in &deployment.spec.template.spec.containers {
            let image = container.image.get().map(String::as_str).unwrap_or_default();
            if !image
                .split('/')
                .next_back()
                .is_some_and(|name| name.starts_with("external-dns:") || name == "external-dns")
            {
                continue;
            }
            let words: Vec<Spanned<String>> = container.command.iter().chain(&container.args).cloned().collect();
            let conf = externaldns::from_args(&words).value;
            let tag = image.rsplit_once(':').and_then(|(_, tag)| version(tag.trim_start_matches('v')));
            let place = Place::File { span: container.image.span().or(object.span), component: object.title() };
            dns.updaters.push(updater(&conf, object.title(), tag, &place));
        }
    }
    for file in &files.list {
        let Content::Kubernetes(manifest) = &file.content else { continue };
        for object in &manifest.objects {
            for (key, _) in &object.metadata.annotations {
                if key.value.starts_with(OLD_PREFIX) {
                    let place = Place::File { span: key.span, component: object.title() };
                    dns.old_annotations.push(Fact::known(key.value.clone(), place));
                }
            }
        }
    }
    for (_, object, ingress) in files.objects::<Ingress>() {
        for rule in &ingress.spec.rules {
            if let Setting::Known(host) = &rule.host {
                let place = Place::File { span: host.span, component: object.title() };
                dns.hosts.push(Fact::known(plain(&host.value), place));
            }
        }
    }
}

/// Major and minor of `0.22.0`.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Where the version is not known, only what every version agrees on is.
fn updater(conf: &Conf, name: String, known: Option<(u32, u32)>, place: &Place) -> Updater {
    let at = |span| Place::File { span, component: place.component().to_owned() };
    let stated = |flag: &str| conf.value(flag);
    let text = |flag: &str, default: &str| match stated(flag) {
        Some(value) if is_open(&value.value) => Fact::unknown(at(value.span)),
        Some(value) => Fact::known(value.value.clone(), at(value.span)),
        None => Fact::default(default.to_owned(), place.clone()),
    };
    let versions = [known.unwrap_or((0, 19)), known.unwrap_or((0, 22))];
    // What two versions say alike holds for whichever it is.
    let both = |read: &dyn Fn((u32, u32)) -> Setting<bool>| {
        let [old, new] = versions.map(read);
        let stated = if old.is_absent() { new } else { old };
        Fact::setting_or(&stated, false, place)
    };
    let policy = match (conf.policy(versions[0]), conf.policy(versions[1])) {
        (Effective::Stated(value), _) => Fact::maybe(
            match value.value.as_str() {
                "sync" => Some(Policy::Sync),
                "upsert-only" => Some(Policy::UpsertOnly),
                "create-only" => Some(Policy::CreateOnly),
                _ => None,
            },
            at(value.span),
        ),
        (_, Effective::Required) if known.is_some() => Fact::default(Policy::Missing, place.clone()),
        (Effective::Default(_), Effective::Default(_)) => Fact::default(Policy::Sync, place.clone()),
        _ => Fact::unknown(place.clone()),
    };
    let prefix = match (conf.annotation_prefix(versions[0]), conf.annotation_prefix(versions[1])) {
        (Effective::Stated(value), _) => Fact::known(value.value, at(value.span)),
        (Effective::Default(old), Effective::Default(new)) if old == new => Fact::default(old, place.clone()),
        _ => Fact::unknown(place.clone()),
    };
    let zones: Vec<&Spanned<String>> = match conf.values("rfc2136-zone") {
        list if list.is_empty() => conf.values("domain-filter"),
        list => list,
    };
    let gss = conf.switch("rfc2136-gss-tsig");
    let insecure = conf.switch("rfc2136-insecure");
    Updater {
        version: Fact::maybe(known, place.clone()),
        rfc2136: text("provider", "").map(|provider| provider == "rfc2136"),
        policy,
        registry: text("registry", "txt"),
        owner: text("txt-owner-id", "default"),
        zones: Fact::known(
            zones.iter().map(|zone| plain(&zone.value)).collect(),
            at(zones.first().and_then(|zone| zone.span)),
        ),
        axfr: both(&|version| conf.axfr(version)),
        unknown_flags: known
            .map(|version| conf.too_new(version))
            .unwrap_or_default()
            .into_iter()
            .map(|flag| Fact::known(flag.name.value.clone(), at(flag.name.span)))
            .collect(),
        unsigned: match (insecure.or(false), gss.or(false)) {
            (Some(insecure), Some(gss)) => Fact::known(insecure && !gss, at(insecure_span(conf).or(place_span(place)))),
            _ => Fact::unknown(place.clone()),
        },
        key: text("rfc2136-tsig-keyname", "").map(|name| (!name.is_empty()).then(|| plain(name))).flatten(),
        algorithm: text("rfc2136-tsig-secret-alg", "").map(|name| (!name.is_empty()).then(|| plain(name))).flatten(),
        secret: stated("rfc2136-tsig-secret")
            .filter(|value| !is_open(&value.value) && !value.value.contains("$("))
            .map(|value| Secret(value.value.clone())),
        min_ttl: {
            let value = conf.min_ttl(versions[0]).or_else(|| conf.min_ttl(versions[1]));
            match value {
                Some(value) => Fact::maybe(seconds(&value.value), at(value.span)),
                None => Fact::default(0, place.clone()),
            }
        },
        txt_prefix: text("txt-prefix", ""),
        txt_suffix: text("txt-suffix", ""),
        annotation_prefix: prefix,
        place: place.clone(),
        name,
    }
}

fn insecure_span(conf: &Conf) -> Option<plimsoll_diagnostics::Span> {
    conf.flags.get("rfc2136-insecure").and_then(|flag| flag.name.span)
}

fn place_span(place: &Place) -> Option<plimsoll_diagnostics::Span> {
    match place {
        Place::File { span, .. } => *span,
        Place::Design(_) => None,
    }
}

fn is_open(text: &str) -> bool {
    text.contains("{{") || text.contains("${")
}

/// `60s`, `1m`, or plain seconds.
fn seconds(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| corefile::milliseconds(text).map(|millis| millis / 1000))
}
