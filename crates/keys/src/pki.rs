//! Authorities and certificates, with the names and paths of kubeadm.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use plimsoll_model::design::EtcdMember;
use plimsoll_model::units::Millis;
use plimsoll_model::{Design, Name};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SignatureAlgorithm,
};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use time::OffsetDateTime;

use crate::{Secret, Store, openssh};

/// Why a key or certificate could not be made. No message holds a secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MakeError {
    /// The source of random bytes failed.
    #[error("the operating system gives no random bytes")]
    Entropy,
    /// A key could not be made.
    #[error("a key could not be made")]
    Key,
    /// A certificate could not be made.
    #[error("certificate `{name}` could not be made")]
    Certificate {
        /// Its name in the store.
        name: String,
        /// What the library says.
        #[source]
        source: rcgen::Error,
    },
    /// The Design asks for a kind of key that is not made here.
    #[error("keys of type `{0}` are not made here; use ECDSA-P256 or ECDSA-P384")]
    Algorithm(String),
    /// The store has a certificate without its key or the other way round, or one that cannot be read.
    #[error("authority `{0}` in the store is incomplete or damaged")]
    Damaged(String),
    /// A time or address lies outside of what a certificate can say.
    #[error("certificate `{0}` has a time or name that a certificate cannot hold")]
    Range(String),
}

fn algorithm(design: &Design) -> Result<&'static SignatureAlgorithm, MakeError> {
    match design.kubernetes.certificates.algorithm.as_str() {
        // The cryptography library makes no RSA keys; an authority may be of another type than what kubeadm makes.
        "ECDSA-P256" | "RSA-2048" => Ok(&rcgen::PKCS_ECDSA_P256_SHA256),
        "ECDSA-P384" | "RSA-3072" | "RSA-4096" => Ok(&rcgen::PKCS_ECDSA_P384_SHA384),
        other => Err(MakeError::Algorithm(other.to_owned())),
    }
}

fn subject(common: &str, organization: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    if let Some(organization) = organization {
        name.push(DnType::OrganizationName, organization);
    }
    name.push(DnType::CommonName, common);
    name
}

/// From five minutes before `now`, so that a clock that is a little behind accepts it, until `life` after it.
fn validity(params: &mut CertificateParams, now: u64, life: Millis, name: &str) -> Result<(), MakeError> {
    let at = |seconds: u64| {
        let seconds = i64::try_from(seconds).map_err(|_| MakeError::Range(name.to_owned()))?;
        OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| MakeError::Range(name.to_owned()))
    };
    params.not_before = at(now.saturating_sub(300))?;
    params.not_after = at(now.saturating_add(life.whole_secs()))?;
    Ok(())
}

fn failed(name: &str) -> impl Fn(rcgen::Error) -> MakeError + '_ {
    move |source| MakeError::Certificate { name: name.to_owned(), source }
}

fn put(store: &mut Store, name: &str, certificate: &str, key: &KeyPair) {
    store.put(format!("{name}.crt"), Secret::new(certificate));
    store.put(format!("{name}.key"), Secret::new(key.serialize_pem()));
}

fn authority_params(common: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(common, None);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::KeyCertSign];
    params.subject_alt_names = common.try_into().map(SanType::DnsName).into_iter().collect();
    params
}

/// Name in the store and common name of each authority; kubeadm's names.
const AUTHORITIES: [(&str, &str); 3] =
    [("pki/ca", "kubernetes"), ("pki/front-proxy-ca", "front-proxy-ca"), ("pki/etcd/ca", "etcd-ca")];

/// Adds the three authorities and the key pair of service accounts, as far as they are missing.
pub(crate) fn authorities(store: &mut Store, design: &Design, now: u64) -> Result<(), MakeError> {
    let algorithm = algorithm(design)?;
    for (name, common) in AUTHORITIES {
        match (store.get(&format!("{name}.crt")), store.get(&format!("{name}.key"))) {
            (Some(_), Some(_)) => continue,
            (None, None) => {}
            _ => return Err(MakeError::Damaged(name.to_owned())),
        }
        let key = KeyPair::generate_for(algorithm).map_err(failed(name))?;
        let mut params = authority_params(common);
        validity(&mut params, now, design.kubernetes.certificates.ca_validity, name)?;
        let certificate = params.self_signed(&key).map_err(failed(name))?;
        put(store, name, &certificate.pem(), &key);
    }
    if store.get("pki/sa.key").is_none() {
        let key = KeyPair::generate_for(algorithm).map_err(failed("pki/sa"))?;
        store.put("pki/sa.key", Secret::new(key.serialize_pem()));
        store.put("pki/sa.pub", Secret::new(key.public_key_pem()));
    }
    Ok(())
}

/// `sha256:` and the hash of the cluster authority's public key, as `kubeadm join` wants it.
pub(crate) fn ca_hash(store: &Store) -> Result<String, MakeError> {
    let damaged = || MakeError::Damaged("pki/ca".into());
    let key = store.get("pki/ca.key").ok_or_else(damaged)?;
    let key = KeyPair::from_pem(key.expose()).map_err(|_| damaged())?;
    let digest = Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&key));
    Ok(format!("sha256:{}", crate::encode::hex(&digest)))
}

/// A machine for which certificates are made.
pub(crate) struct Owner<'a> {
    name: &'a Name,
    address: IpAddr,
}

impl<'a> Owner<'a> {
    /// By its address as an etcd member, else in the network of the API.
    pub(crate) fn of(design: &'a Design, name: &'a Name) -> Option<Self> {
        let member = design.etcd.member.get(name).map(|member: &EtcdMember| member.address);
        let nic = || design.machine.get(name)?.nic.get(&design.api.network).map(|nic| nic.address.addr());
        Some(Owner { name, address: member.or_else(nic)? })
    }
}

/// The first usable address of a service prefix: that of `kubernetes.default`.
fn service_address(net: &IpNet) -> IpAddr {
    match net.network() {
        IpAddr::V4(first) => Ipv4Addr::from(u32::from(first).saturating_add(1)).into(),
        IpAddr::V6(first) => Ipv6Addr::from(u128::from(first).saturating_add(1)).into(),
    }
}

/// File, authority, common name, organization, uses, names: as in kubeadm's list of certificates.
type Row<'r> = (&'r str, &'r str, &'r str, Option<&'r str>, &'r [ExtendedKeyUsagePurpose], &'r [String]);

/// Adds the certificates that kubeadm would make for one control-plane machine or etcd member.
pub(crate) fn leaves(store: &mut Store, design: &Design, owner: &Owner<'_>, now: u64) -> Result<(), MakeError> {
    use ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
    let machine = owner.name.as_str();
    let domain = &design.kubernetes.dns_domain;
    let mut api: Vec<String> = vec![
        machine.to_owned(),
        "kubernetes".into(),
        "kubernetes.default".into(),
        "kubernetes.default.svc".into(),
        format!("kubernetes.default.svc.{domain}"),
        design.api.name.clone(),
        owner.address.to_string(),
    ];
    api.extend(design.kubernetes.services.iter().map(|net| service_address(net).to_string()));
    api.extend(design.kubernetes.apiserver.cert_sans.iter().cloned());
    let etcd: Vec<String> =
        vec![machine.into(), "localhost".into(), owner.address.to_string(), "127.0.0.1".into(), "::1".into()];
    let cluster = "kubeadm:cluster-admins";
    let both = vec![ServerAuth, ClientAuth];
    let client = vec![ClientAuth];
    let rows: [Row<'_>; 7] = [
        ("apiserver", "pki/ca", "kube-apiserver", None, &both[..1], &api),
        ("apiserver-kubelet-client", "pki/ca", "kube-apiserver-kubelet-client", Some(cluster), &client, &[]),
        ("front-proxy-client", "pki/front-proxy-ca", "front-proxy-client", None, &client, &[]),
        ("etcd/server", "pki/etcd/ca", machine, None, &both, &etcd),
        ("etcd/peer", "pki/etcd/ca", machine, None, &both, &etcd),
        ("etcd/healthcheck-client", "pki/etcd/ca", "kube-etcd-healthcheck-client", None, &client, &[]),
        ("apiserver-etcd-client", "pki/etcd/ca", "kube-apiserver-etcd-client", None, &client, &[]),
    ];
    for (file, authority, common, organization, uses, names) in rows {
        let name = format!("pki/{machine}/{file}");
        let issuer = issuer(store, authority)?;
        let key = KeyPair::generate_for(algorithm(design)?).map_err(failed(&name))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = subject(common, organization);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages = uses.to_vec();
        params.use_authority_key_identifier_extension = true;
        let mut known = std::collections::BTreeSet::new();
        for san in names.iter().filter(|san| known.insert(san.as_str())) {
            params.subject_alt_names.push(match san.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(san.as_str().try_into().map_err(|_| MakeError::Range(name.clone()))?),
            });
        }
        validity(&mut params, now, design.kubernetes.certificates.validity, &name)?;
        let certificate = params.signed_by(&key, &issuer).map_err(failed(&name))?;
        put(store, &name, &certificate.pem(), &key);
    }
    Ok(())
}

fn issuer(store: &Store, name: &str) -> Result<Issuer<'static, KeyPair>, MakeError> {
    let damaged = || MakeError::Damaged(name.to_owned());
    let key = store.get(&format!("{name}.key")).ok_or_else(damaged)?;
    let key = KeyPair::from_pem(key.expose()).map_err(|_| damaged())?;
    let common = AUTHORITIES.iter().find(|(known, _)| *known == name).ok_or_else(damaged)?.1;
    // The same parameters as when it was made, so that issuer and key identifier are the same.
    Ok(Issuer::new(authority_params(common), key))
}

/// The public half of an OpenSSH key in the store, as a line of `authorized_keys`; `None` when there is none.
pub fn ssh_public(store: &Store, name: &str) -> Option<String> {
    openssh::public_line(store.get(name)?.expose(), name)
}
