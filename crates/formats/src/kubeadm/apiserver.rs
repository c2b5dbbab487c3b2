//! Files that the API server reads: encryption at rest, authentication, audit.

use plimsoll_diagnostics::Spanned;
use plimsoll_yaml::{Node, Rest, record};

use crate::Setting;
use crate::kubernetes::quantity::Duration;

record! {
    /// Encryption at rest (`apiserver.config.k8s.io/v1`).
    pub struct EncryptionConfiguration as camelCase: Default {
        /// What is encrypted, and how.
        pub resources: Vec<EncryptionResource>,
    }

    /// Kinds with their providers.
    pub struct EncryptionResource as camelCase: Default {
        /// Kinds (`secrets`, `configmaps`, `*.*`).
        pub resources: Vec<Spanned<String>>,
        /// The first encrypts, all decrypt.
        pub providers: Vec<EncryptionProvider>,
    }

    /// A provider; exactly one field is given.
    pub struct EncryptionProvider as camelCase: Default {
        /// In clear.
        pub identity: Option<Node>,
        /// XSalsa20 and Poly1305.
        pub secretbox: Option<KeyedProvider>,
        /// AES-CBC.
        pub aescbc: Option<KeyedProvider>,
        /// AES-GCM.
        pub aesgcm: Option<KeyedProvider>,
        /// Keys from elsewhere.
        pub kms: Option<KmsProvider>,
    }

    /// A provider with keys of its own.
    pub struct KeyedProvider as camelCase: Default {
        /// The first encrypts, all decrypt.
        pub keys: Vec<EncryptionKey>,
    }

    /// A key.
    pub struct EncryptionKey as camelCase: Default {
        /// Its name.
        pub name: Setting<String>,
        /// The key in base64. Read as it stands and shown nowhere.
        pub secret: Setting<String>,
    }

    /// Keys from elsewhere.
    pub struct KmsProvider as camelCase: Default {
        /// `v1` or `v2`.
        pub api_version: Setting<String>,
        /// Its name.
        pub name: Setting<String>,
        /// Its socket.
        pub endpoint: Setting<String>,
        /// How long it may take.
        pub timeout: Setting<Duration>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Authentication (`apiserver.config.k8s.io`).
    pub struct AuthenticationConfiguration as camelCase: Default {
        /// Issuers of tokens.
        pub jwt: Vec<Node>,
        /// Requests without credentials.
        pub anonymous: Option<AnonymousAuthentication>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Requests without credentials.
    pub struct AnonymousAuthentication as camelCase: Default {
        /// Whether they are let in.
        pub enabled: Setting<bool>,
        /// Where they are; none means everywhere.
        pub conditions: Vec<AuthenticationCondition>,
    }

    /// Where requests without credentials are let in.
    pub struct AuthenticationCondition as camelCase: Default {
        /// The path.
        pub path: Setting<String>,
    }

    /// What is logged (`audit.k8s.io/v1`).
    pub struct AuditPolicy as camelCase: Default {
        /// Stages that are left out.
        pub omit_stages: Vec<Spanned<String>>,
        /// Rules; the first that fits counts.
        pub rules: Vec<Node>,
        /// Whether managed fields are left out.
        pub omit_managed_fields: Setting<bool>,
        /// What else stands there.
        pub rest: Rest,
    }
}
