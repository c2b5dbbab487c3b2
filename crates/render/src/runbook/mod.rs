//! `RUNBOOK.md`: this very cluster for the people who run it.

mod failures;
mod plan;
mod procedures;
mod restore;

use std::fmt::Write as _;

use plimsoll_model::Design;

use crate::text::markdown_header;
use crate::{File, Tree};

/// Adds `RUNBOOK.md`, and the restore of etcd by itself for the day on which nothing else is at hand.
pub(crate) fn render(design: &Design, tree: &mut Tree) {
    let chapters: [(&str, String); 12] = [
        ("Machines", plan::machines(design)),
        ("Networks and addresses", plan::networks(design)),
        ("Cabling", plan::cables(design)),
        ("Switch ports", plan::switch_ports(design)),
        ("First installation", procedures::installation(design)),
        ("Cold start: everything was without power", procedures::cold_start(design)),
        ("Clean shutdown", procedures::shutdown(design)),
        ("Maintenance of one host", procedures::maintenance(design)),
        ("When something fails", failures::all(design)),
        ("Certificates", procedures::certificates(design)),
        ("Backups, and restoring etcd", restore::chapter(design)),
        ("Assumed and accepted", plan::assumed(design)),
    ];
    let mut text = markdown_header(design, "How to run this cluster");
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "# Runbook of {}\n\nKubernetes {}, edition of defaults {}. Commands are for a shell of root on the machine that is named, unless \
         they begin with `kubectl`, which works from every place with a kubeconfig.\n\n",
        design.cluster, design.kubernetes.version, design.edition
    );
    for (index, (title, _)) in chapters.iter().enumerate() {
        let _ = writeln!(text, "{}. [{title}](#{})", index + 1, anchor(title));
    }
    for (title, chapter) in &chapters {
        let _ = write!(text, "\n## {title}\n\n{}\n", chapter.trim_end());
    }
    tree.add("RUNBOOK.md", File::new("how to run this cluster", text));

    if design.backup.etcd.is_some() {
        let comment = markdown_header(design, "How to restore etcd");
        let text = format!("{comment}# Restoring etcd of {}\n\n{}", design.cluster, restore::steps(design));
        tree.add("backup/RESTORE.md", File::new("how to restore etcd", text));
    }
}

/// The anchor that Markdown makes of a heading.
fn anchor(title: &str) -> String {
    let kept = title
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -".contains(*letter))
        .collect::<String>();
    kept.replace(' ', "-")
}

/// A block of commands.
fn commands(lines: &[String]) -> String {
    format!("```\n{}\n```\n", lines.join("\n"))
}
