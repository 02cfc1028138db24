//! The page of `compare --html`: one file that needs no other, made from the same [`Table`] as the
//! text and the JSON, which it holds as well.

mod bars;
mod building;
mod labels;
mod scale;
mod scatter;
mod svg;

use crate::error::Outcome;
use crate::recommend::{Advice, RULE};
use crate::report::{Row, Table};
use crate::terms::{METHOD, TERMS};
use crate::text::{Bytes, SAMPLED};
use scatter::Asked;
use std::fmt::Write;
use svg::escape;

const STYLE: &str = include_str!("style.css");
const SORT: &str = include_str!("sort.js");

/// The page.
pub(crate) fn page(table: &Table) -> Outcome<String> {
    let dataset = escape(&table.dataset);
    let advice: Vec<String> = table.recommended.iter().map(|one| one.sentence(table)).collect();
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"description\" content=\"{}\">\n\
         <title>{dataset}: what it costs in RAM</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<header>\n<p class=\"brand\">lessram compare</p>\n<h1>{dataset}</h1>\n\
         <p class=\"lede\">{}</p>\n</header>\n",
        escape(&advice.join(" ")),
        escape(&lede(table)),
    );
    out += &picks(table);
    for asked in [Asked::Hits, Asked::Gets] {
        out += &scatter::draw(table, asked).map_or(String::new(), |svg| against(asked, &svg));
    }
    out += &bars::draw(table).map_or(String::new(), |svg| parts(&svg));
    out += &building::draw(table).map_or(String::new(), |svg| building(&svg));
    out += &all_figures(table);
    out += &terms(table);
    let _ = write!(
        out,
        "</main>\n<footer>lessram {} on {}, seed {}</footer>\n\
         <script type=\"application/json\" id=\"figures\">\n{}</script>\n\
         <script>\n{SORT}</script>\n</body>\n</html>\n",
        escape(table.version),
        escape(&table.machine),
        table.seed,
        in_script(&table.json()?),
    );
    Ok(out)
}

/// JSON between the tags of a script: no `<` may end it or open a comment in it.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// What the items are, and what holding them costs at least and at most.
fn lede(table: &Table) -> String {
    let mut exact: Vec<u64> =
        table.rows.iter().filter(|row| row.exact).filter_map(|row| row.heap_bytes).collect();
    exact.sort_unstable();
    let each = |bytes: u64| format!("{:.2}", bytes as f64 / table.items as f64);
    let summary = match table.sampled_from {
        Some(_) => format!("{}. {}", table.summary(), SAMPLED.trim_end_matches('.')),
        None => table.summary(),
    };
    match (exact.as_slice(), exact.len()) {
        ([least, .., most], count) => format!(
            "{summary}. Held in {count} structures, they take from {} to {} heap bytes an item.",
            each(*least),
            each(*most)
        ),
        ([one], _) => format!("{summary}. Held, they take {} heap bytes an item.", each(*one)),
        _ => format!("{summary}."),
    }
}

/// A section with its heading and what it is about.
fn section(title: &str, about: &str, body: &str) -> String {
    format!("<section>\n<h2>{title}</h2>\n<p>{about}</p>\n{body}</section>\n")
}

/// The recommendation: a card a structure, with what it is the best in.
fn picks(table: &Table) -> String {
    if table.recommended.is_empty() {
        return String::new();
    }
    let mut body = String::new();
    for advice in &table.recommended {
        let heading = match advice.access {
            "look-up" => "To look keys up".to_owned(),
            "index" => "To have items by index".to_owned(),
            _ => format!(
                "If a false alarm in {} is fine, and nobody needs the keys back",
                crate::rate::one_in(table.fpr_promised).trim_start_matches("1 in ")
            ),
        };
        let _ = write!(body, "<h3>{heading}</h3>\n<div class=\"picks\">\n");
        for (name, reasons) in reasons(advice) {
            if let Some(row) = table.rows.iter().find(|row| row.structure == name) {
                body += &pick(row, &reasons, table.items);
            }
        }
        body += "</div>\n";
    }
    section(
        "What to take",
        &format!("The best of both has the {}.", RULE.replace('x', "\u{d7}")),
        &body,
    )
}

/// Each structure that is recommended, and why.
fn reasons(advice: &Advice) -> Vec<(&'static str, String)> {
    let fastest = if advice.access == "index" { "fastest access" } else { "fastest hit" };
    let wanted = [
        (advice.smallest, "fewest bytes"),
        (advice.best, "best of both"),
        (advice.fastest, fastest),
    ];
    let mut all: Vec<(&'static str, String)> = Vec::new();
    for (name, reason) in wanted {
        match all.iter_mut().find(|(other, _)| *other == name) {
            Some((_, reasons)) => *reasons += &format!(", {reason}"),
            None => all.push((name, reason.to_owned())),
        }
    }
    all
}

fn pick(row: &Row, reasons: &str, items: u64) -> String {
    let (bytes, ns) = row.cost().unwrap_or((0, 0.0));
    let unit = if row.hit_ns.is_some() { "ns a hit" } else { "ns an access" };
    let (first, rest) = reasons.split_at(1.min(reasons.len()));
    format!(
        "<div class=\"pick\">\n<p class=\"why\">{}{rest}</p>\n<p class=\"name\">{}</p>\n\
         <dl class=\"figures\"><div><dt>heap bytes an item</dt><dd>{:.2}</dd></div>\
         <div><dt>{unit}</dt><dd>{ns:.1}</dd></div></dl>\n\
         <pre><code>{}</code></pre>\n</div>\n",
        first.to_uppercase(),
        escape(row.structure),
        bytes as f64 / items as f64,
        // A comment in a line of its own: lines are short here.
        escape(&row.rust.replace("; // ", ";\n// ")),
    )
}

/// The legend of a chart: a small picture and a word each.
fn keys(entries: &[(&str, &str)]) -> String {
    let mut out = String::from("<ul class=\"keys\">\n");
    for (mark, word) in entries {
        let _ = writeln!(
            out,
            "<li><svg viewBox=\"0 0 18 14\" aria-hidden=\"true\">{mark}</svg>{word}</li>"
        );
    }
    out + "</ul>\n"
}

const OURS: &str = "<circle class=\"dot ours\" cx=\"9\" cy=\"7\" r=\"6\"/>";
const PEER: &str = "<circle class=\"dot peer\" cx=\"9\" cy=\"7\" r=\"6\"/>";
const RING: &str = "<circle class=\"ring peer\" cx=\"9\" cy=\"7\" r=\"5\"/>";
const FRONT: &str = "<path class=\"front\" d=\"M1 7H18\"/>";

fn against(asked: Asked, svg: &str) -> String {
    let (title, about) = match asked {
        Asked::Hits => (
            "Bytes against time",
            "Further left is smaller, further down is faster. Both scales are logarithmic. In the \
             shaded part, something else is both smaller and faster.",
        ),
        Asked::Gets => {
            ("Bytes against time, by index", "Those that are asked by position, not by key.")
        }
    };
    let mut entries = vec![(OURS, "lessram"), (PEER, "others")];
    if svg.contains("class=\"ring") {
        entries.push((RING, "approximate: does not hold its keys"));
    }
    entries.push((FRONT, "the front, of what is exact"));
    section(title, about, &format!("{}<figure>\n{svg}</figure>\n", keys(&entries)))
}

fn parts(svg: &str) -> String {
    let entries = [
        ("payload", "payload"),
        ("index", "index"),
        ("slack", "slack"),
        ("header", "header"),
        ("whole", "not told apart"),
    ];
    let present = entries.iter().filter(|(class, _)| svg.contains(&format!("class=\"{class}\"")));
    let marks: Vec<(String, &str)> = present
        .map(|(class, word)| {
            (format!("<rect class=\"{class}\" x=\"2\" y=\"1\" width=\"14\" height=\"12\"/>"), *word)
        })
        .collect();
    let mut entries: Vec<(&str, &str)> =
        marks.iter().map(|(mark, word)| (mark.as_str(), *word)).collect();
    entries.push(("<path class=\"peak\" d=\"M9 0V14\"/>", "peak while building"));
    let about =
        "Heap bytes per item. The mark is the most that was live at once while it was built.";
    let body = format!("{}<figure>\n{svg}</figure>\n", keys(&entries));
    section("Where the bytes are", about, &body)
}

/// The table with all columns of the text.
fn all_figures(table: &Table) -> String {
    let columns = table.figures(Bytes::Each);
    let mut body = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All figures\">\n\
         <table>\n<thead><tr><th scope=\"col\" class=\"left\">structure</th>",
    );
    for column in &columns {
        let class = if column.left { " class=\"left\"" } else { "" };
        let (title, unit) = (column.title, column.unit);
        let unit = if unit.is_empty() { String::new() } else { format!(" <span>{unit}</span>") };
        let _ = write!(body, "<th scope=\"col\"{class}>{title}{unit}</th>");
    }
    body += "</tr></thead>\n<tbody>\n";
    for (i, row) in table.rows.iter().enumerate() {
        let mut class = String::from(if row.peer { "peer" } else { "ours" });
        class += if row.exact { "" } else { " approximate" };
        class += if row.front { " front" } else { "" };
        let mark = match (row.front, row.exact) {
            (true, true) => " *",
            (true, false) => " *~",
            (false, true) => "",
            (false, false) => " ~",
        };
        let name = escape(row.structure);
        let _ = write!(
            body,
            "<tr class=\"{class}\"><th scope=\"row\"><span class=\"name\">{name}</span>\
             <span class=\"mark\">{mark}</span></th>"
        );
        for column in &columns {
            let class = if column.left { " class=\"left\"" } else { "" };
            let cell = escape(column.cells[i].as_deref().unwrap_or("-"));
            let _ = write!(body, "<td{class}>{cell}</td>");
        }
        body += "</tr>\n";
    }
    body += "</tbody>\n</table>\n</div>\n";
    section("All figures", "Smallest first. Marks and columns are explained below.", &body)
}

fn building(svg: &str) -> String {
    let about = "Left: the bytes that were live from the first to the last item, each up to its \
                 own peak. Right: how often blocks of which size were asked for, the items that \
                 it is fed among them; heights are logarithms.";
    section("While it is built", about, &format!("<figure>\n{svg}</figure>\n"))
}

fn terms(table: &Table) -> String {
    let mut body = String::from("<dl class=\"terms\">\n");
    for (term, meaning) in TERMS {
        let (term, meaning) = (escape(term), escape(meaning));
        let _ = writeln!(body, "<dt>{term}</dt><dd>{meaning}</dd>");
    }
    body += "</dl>\n";
    let here = match table.passes() {
        (0, _) => "Here nothing was timed.".to_owned(),
        (processes, passes) => {
            format!("Here: up to {passes} passes in {processes} processes a structure.")
        }
    };
    let about = format!("{} {here}", escape(METHOD));
    section("Terms and method", &about, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The colours of a block of the style, from its `:root {` to its `}`.
    fn colours(block: &str) -> Vec<(&str, [f64; 3])> {
        let block = block.split('}').next().unwrap_or_default();
        let lines =
            block.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"));
        let channel = |hex: &str, at: usize| {
            let value = u8::from_str_radix(&hex[at..at + 2], 16).expect("six hex digits");
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        lines.map(|(name, hex)| (name, [0, 2, 4].map(|at| channel(hex, at)))).collect()
    }

    /// WCAG 2.2: (lighter + 0.05) / (darker + 0.05), of relative luminances.
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let light = |[r, g, b]: [f64; 3]| 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
        let (one, other) = (light(one), light(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn everybody_can_read_it() {
        assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
        let schemes: Vec<_> = STYLE.split(":root {").skip(1).map(colours).collect();
        assert_eq!(schemes.len(), 2, "one light, one dark");
        for (scheme, colours) in schemes.iter().enumerate() {
            let get = |name: &str| colours.iter().find(|one| one.0 == name).expect(name).1;
            let check = |fore: &str, back: &str, least: f64| {
                let found = contrast(get(fore), get(back));
                assert!(found >= least, "scheme {scheme}: {fore} on {back}: {found:.2}");
            };
            for back in ["ground", "raised", "shade"] {
                ["text", "dim"].into_iter().for_each(|fore| check(fore, back, 4.5));
                let marks = ["ours", "peer", "payload", "index", "slack", "header"];
                marks.into_iter().for_each(|fore| check(fore, back, 3.0));
            }
        }
    }

    #[test]
    fn figures_stay_in_their_script() {
        let json = in_script(r#"{"dataset": "</script><!-- <b>"}"#);
        assert!(!json.contains('<'), "{json}");
        let back: serde_json::Value = serde_json::from_str(&json).expect("still JSON");
        assert_eq!(back["dataset"], "</script><!-- <b>");
    }
}
