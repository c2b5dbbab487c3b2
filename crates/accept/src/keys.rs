//! Keys and certificates, judged by the programs that people would use on them.

use crate::sandbox::Run;
use crate::{Error, Files, Sandbox, Verdict};

/// `openssl verify` of a certificate for a host name or address, by nothing but this authority. All three in PEM form
/// where they are files.
///
/// # Errors
/// When OpenSSL could not be asked.
pub fn certificate_is_valid(
    sandbox: &Sandbox,
    authority: &str,
    certificate: &str,
    name: &str,
) -> Result<Verdict, Error> {
    let files = Files::from([("/authority.pem", authority), ("/certificate.pem", certificate)]);
    let option = if name.parse::<std::net::IpAddr>().is_ok() { "-verify_ip" } else { "-verify_hostname" };
    let script = r#"exec openssl verify -x509_strict -no-CApath -no-CAstore -CAfile /authority.pem \
        "$1" "$2" /certificate.pem"#;
    let run = sandbox.run(&files, &[], script, &[option.to_owned(), name.to_owned()])?;
    Ok(Verdict::of("openssl verify", &run, true, |line| line == "/certificate.pem: OK"))
}

/// `age --decrypt`: the clear text, or the verdict that says why there is none.
///
/// # Errors
/// When age could not be asked.
pub fn age_opens(sandbox: &Sandbox, identity: &str, sealed: &[u8]) -> Result<Result<String, Verdict>, Error> {
    let files = Files::from([("/identity", identity.as_bytes()), ("/sealed", sealed)]);
    let run: Run = sandbox.run(&files, &[], "exec age --decrypt --identity /identity /sealed", &[])?;
    let verdict = Verdict::of("age --decrypt", &run, false, |_| false);
    Ok(if verdict.accepted { Ok(run.stdout) } else { Err(verdict) })
}
