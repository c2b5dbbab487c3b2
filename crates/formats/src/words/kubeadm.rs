//! Fields of kubeadm's documents, v1beta2 to v1beta4 (cmd/kubeadm/app/apis/kubeadm).

/// Fields of any place. One in the wrong place is not told.
#[rustfmt::skip]
pub(crate) const FIELDS: &[&str] = &[
    "advertiseAddress", "apiEndpoint", "apiServer", "apiServerEndpoint", "apiServerExtraArgs", "apiVersion",
    "auditPolicy", "bindPort", "bootstrapToken", "bootstrapTokens", "caCertHashes", "caCertPath",
    "caCertificateValidityPeriod", "caFile", "certFile", "certSANs", "certificateKey", "certificateValidityPeriod",
    "certificatesDir", "clusterName", "controlPlane", "controlPlaneComponentHealthCheck", "controlPlaneEndpoint",
    "controllerManager", "criSocket", "dataDir", "description", "directory", "disabled", "discovery", "dns",
    "dnsDomain", "dryRun", "effect", "encryptionAlgorithm", "endpoints", "etcd", "etcdAPICall", "expires",
    "external", "extraArgs", "extraEnvs", "extraVolumes", "featureGates", "file", "groups", "hostPath",
    "httpEndpoints", "ignorePreflightErrors", "imagePullPolicy", "imagePullSerial", "imageRepository", "imageTag",
    "key", "keyFile", "kind", "kubeConfigPath", "kubeProxy", "kubeletConfiguration", "kubeletExtraArgs",
    "kubeletHealthCheck", "kubernetesAPICall", "kubernetesVersion", "local", "localAPIEndpoint", "metadata",
    "mountPath", "name", "networking", "nodeRegistration", "patches", "pathType", "peerCertSANs", "podSubnet",
    "proxy", "readOnly", "scheduler", "serverCertSANs", "serviceSubnet", "skipPhases", "taints", "timeAdded",
    "timeoutForControlPlane", "timeouts", "tlsBootstrap", "tlsBootstrapToken", "token", "ttl", "type",
    "unifiedControlPlaneImage", "unsafeSkipCAVerification", "upgradeManifests", "usages", "useHyperKubeImage",
    "value", "valueFrom",
];
