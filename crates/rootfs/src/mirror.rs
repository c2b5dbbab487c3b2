//! Which archive of Debian to download from: the one this machine uses itself.

use std::fs;
use std::path::Path;

/// Taken when the machine names no archive, for instance because it is no Debian.
pub const DEFAULT: &str = "http://deb.debian.org/debian";

/// The archive that the machine's own `apt` is told to use.
pub fn of_this_machine() -> String {
    let directory = Path::new("/etc/apt/sources.list.d");
    let mut files: Vec<_> = fs::read_dir(directory)
        .map(|entries| entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
        .unwrap_or_default();
    files.sort();
    files.insert(0, "/etc/apt/sources.list".into());
    let texts: Vec<String> = files.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
    texts.iter().find_map(|text| in_sources(text)).unwrap_or_else(|| DEFAULT.to_owned())
}

/// The archive in one file of sources, in its one-line or its stanza form: the first that has a release of Debian itself,
/// which is neither a security archive nor somebody else's packages.
pub fn in_sources(text: &str) -> Option<String> {
    one_line(text).or_else(|| stanzas(text))
}

/// Releases that `SUITE` can stand beside in one archive.
const RELEASES: [&str; 9] =
    ["bookworm", "trixie", "forky", "duke", "sid", "stable", "oldstable", "testing", "unstable"];

fn one_line(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.trim().strip_prefix("deb ")?;
        // `[signed-by=… arch=…]` may stand before the address.
        let line = match line.trim_start().strip_prefix('[') {
            Some(options) => options.split_once(']')?.1,
            None => line,
        };
        let mut words = line.split_whitespace();
        let (address, suite) = (words.next()?, words.next()?);
        (RELEASES.contains(&suite) && words.any(|word| word == "main")).then(|| address.to_owned())
    })
}

fn stanzas(text: &str) -> Option<String> {
    text.split("\n\n").find_map(|stanza| {
        let field = |name: &str| {
            stanza.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        let has = |name: &str, wanted: &dyn Fn(&str) -> bool| field(name)?.split_whitespace().any(wanted).then_some(());
        has("Types", &|word| word == "deb")?;
        has("Suites", &|word| RELEASES.contains(&word))?;
        has("Components", &|word| word == "main")?;
        field("URIs")?.split_whitespace().next().map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_form_with_options_and_comments() {
        let text = "# deb http://old.example/debian bookworm main\n\
                    deb http://packages.example/tool stable-tool main\n\
                    deb http://security.example/debian-security bookworm-security main\n\
                    deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib\n";
        assert_eq!(in_sources(text).as_deref(), Some("http://mirror.example/debian"));
    }

    #[test]
    fn stanza_form_takes_the_release_and_not_its_security_archive() {
        let text = "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: trixie-security\n\
                    Components: main\n\nTypes: deb deb-src\n# near by\nURIs: http://mirror.example/debian\n\
                    Suites: trixie trixie-updates\nComponents: main\n";
        assert_eq!(in_sources(text).as_deref(), Some("http://mirror.example/debian"));
    }

    #[test]
    fn packages_of_others_are_no_archive_of_debian() {
        assert_eq!(in_sources("deb http://packages.example/cloud-sdk-bookworm cloud-sdk-bookworm main\n"), None);
        assert_eq!(in_sources("Types: deb\nURIs: https://node.example\nSuites: nodistro\nComponents: main\n"), None);
        assert_eq!(in_sources(""), None);
    }
}
