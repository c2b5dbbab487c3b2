//! After losing all power.

use plimsoll_prove::Images;

use crate::escape::text;
use crate::gather::Facts;

pub(crate) fn cold(facts: &Facts<'_>) -> String {
    let mut out = String::new();
    for (images, cold) in &facts.cold {
        let when = match images {
            Images::OnNodes => "with the images that nodes have on their disks",
            Images::Gone => "with empty nodes, which pull from the registry",
        };
        if cold.works() {
            out += &format!(
                "<p><span class=\"good\">✓</span> Everything starts {when}, in {} steps.</p>\n",
                cold.steps.len()
            );
        } else {
            out += &format!("<p><span class=\"bad\">✕</span> Not everything starts {when}:</p>\n<ul>");
            for chain in &cold.blocked {
                let lines: Vec<String> = chain.iter().map(|line| text(line)).collect();
                out += &format!("<li>{}</li>", lines.join("<br>"));
            }
            out += "</ul>\n";
        }
        if *images == Images::OnNodes {
            out += "<ol class=\"steps\">";
            for step in &cold.steps {
                out += &format!("<li>{}</li>", text(&step.join(", ")));
            }
            out += "</ol>\n";
            if !cold.by_hand.is_empty() {
                out += &format!(
                    "<p>By hand, since they do not start with their host: {}.</p>\n",
                    text(&cold.by_hand.join(", "))
                );
            }
        }
    }
    out
}
