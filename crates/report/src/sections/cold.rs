//! After losing all power.

use std::fmt::Write as _;

use plimsoll_prove::Images;

use crate::escape::text;
use crate::gather::Facts;

pub(crate) fn cold(facts: &Facts<'_>) -> String {
    let mut out = String::new();
    for (images, cold) in facts.cold {
        let when = match images {
            Images::OnNodes => "with the images that nodes have on their disks",
            Images::Gone => "with empty nodes, which pull from the registry",
        };
        if cold.works() {
            let _ = writeln!(
                out,
                "<p><span class=\"good\">✓</span> Everything starts {when}, in {} steps.</p>",
                cold.steps.len()
            );
        } else {
            let _ = write!(out, "<p><span class=\"bad\">✕</span> Not everything starts {when}:</p>\n<ul>");
            for chain in &cold.blocked {
                let lines: Vec<String> = chain.iter().map(|line| text(line)).collect();
                let _ = write!(out, "<li>{}</li>", lines.join("<br>"));
            }
            out += "</ul>\n";
        }
        if *images == Images::OnNodes {
            out += "<ol class=\"steps\">";
            for step in &cold.steps {
                let _ = write!(out, "<li>{}</li>", text(&step.join(", ")));
            }
            out += "</ol>\n";
            if !cold.by_hand.is_empty() {
                let _ = writeln!(
                    out,
                    "<p>By hand, since they do not start with their host: {}.</p>",
                    text(&cold.by_hand.join(", "))
                );
            }
        }
    }
    out
}
