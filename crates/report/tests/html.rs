//! The page as text: nothing of a file gets out of its place, nothing is fetched, colours can be told apart.

mod common;

use common::Case;
use plimsoll_model::Name;
use plimsoll_report::{Outage, Outages};

#[test]
fn names_that_look_like_markup_are_harmless() {
    let clean = Case::campus().html();
    let evil = "</script><script>window.hacked = 1</script><!--\"'&{{data}}";
    let page = Case::campus_with(|design| {
        design.cluster = Name::from(evil);
        let tenant = design.tenant.values().next().expect("a tenant").clone();
        design.tenant.insert(Name::from(evil), tenant);
        let host = design.host.values().next().expect("a host").clone();
        design.host.insert(Name::from(evil), host);
        design.survive[0].promise = evil.to_owned();
        design.excluded.values_mut().for_each(|excluded| excluded.reason = evil.to_owned());
        design.api.name = evil.to_owned();
    })
    .html();
    for tag in ["<script", "</script", "<!--", "<style"] {
        assert_eq!(page.matches(tag).count(), clean.matches(tag).count(), "{tag}");
    }
    assert!(page.contains("&lt;/script&gt;&lt;script&gt;window.hacked"), "it is shown as it is written");
}

#[test]
fn nothing_is_fetched() {
    let page = Case::campus().html();
    for word in ["src=", "@import", "url(", "<link", "http://", "<img", "<iframe"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("connect-src 'none'"));
    // What is left of addresses is what the design itself names.
    let addresses = page.matches("https://").count();
    assert_eq!(addresses, page.matches("https://api.k8s.example.edu:8443").count());
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(Case::campus().html(), Case::campus().html());
}

#[test]
fn the_verdict_comes_first_and_is_right() {
    let page = Case::campus().html();
    assert!(page.contains("Everything that the file asks for holds."));
    assert!(page.contains("✓</span> <b>Holds:</b> <code>all</code> survives any one component"));
    let broken = Case::campus_with(|design| design.excluded.clear()).html();
    assert!(broken.contains("3 of 4 requirements do not hold"));
    assert!(broken.contains("<code>api</code> breaks with <code>feed/utility</code>"));
    let silent = Case::campus_with(|design| design.survive.clear()).html();
    assert!(silent.contains("The file does not say what must survive."));
}

#[test]
fn predicted_outages_are_shown_where_they_are_known() {
    let case = Case::campus();
    let of = |component: &str, outage| (component.to_owned(), [("api".to_owned(), outage)].into());
    let outages: Outages =
        [of("host/pve-1", Outage::Between { low: 3_000, high: 12_500 }), of("rack/r1", Outage::UntilRepair)].into();
    let page = case.html_with(Some(&outages));
    assert!(page.contains("<small>3.0 s to 12 s</small>") || page.contains("<small>3.0 s to 13 s</small>"));
    assert!(page.contains("✕ broken<small>until repair</small>"));
    assert!(!case.html().contains("<small>"));
}

/// Relative luminance of `#rrggbb`, as WCAG 2 has it.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("hex")) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn texts_have_contrast_in_both_themes() {
    let style = include_str!("../page/report.css");
    let colour = |name: &str, theme: usize| {
        let line = style.lines().find(|line| line.trim().starts_with(&format!("--{name}:"))).expect(name);
        let both = line.split("light-dark(").nth(1).expect("two colours").split(')').next().expect("an end");
        both.split(", ").nth(theme).expect("a colour").to_owned()
    };
    let contrast = |a: &str, b: &str, theme: usize| {
        let (a, b) = (luminance(&colour(a, theme)), luminance(&colour(b, theme)));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    };
    for theme in [0, 1] {
        for text in ["ink", "muted", "accent", "good", "warn", "bad"] {
            for ground in ["paper", "surface"] {
                assert!(contrast(text, ground, theme) >= 4.5, "{text} on {ground}: {}", contrast(text, ground, theme));
            }
        }
        for (text, ground) in [("bad", "bad-soft"), ("warn", "warn-soft"), ("ink", "bad-soft")] {
            assert!(contrast(text, ground, theme) >= 4.5, "{text} on {ground}: {}", contrast(text, ground, theme));
        }
        // What outlines a control, and the wires.
        for line in ["edge", "power", "network", "accent"] {
            assert!(contrast(line, "surface", theme) >= 3.0, "{line}: {}", contrast(line, "surface", theme));
        }
    }
}
