//! A picture as text: the few elements that the charts are made of.

use std::fmt::{Display, Write};

/// `text` where markup is expected, or between quotes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            // What no page may hold; a file's name may.
            '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f' => out += "\u{fffd}",
            _ => out.push(c),
        }
    }
    out
}

/// A chart: drawn on a canvas of so many units, shown at whatever width there is.
#[derive(Debug)]
pub(super) struct Svg {
    body: String,
    width: f64,
    height: f64,
}

/// Where a text stands with regard to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(super) const fn new(width: f64, height: f64) -> Self {
        Self { body: String::new(), width, height }
    }

    pub(super) fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        let size = format!(r#"width="{width:.1}" height="{height:.1}""#);
        self.add(format_args!(r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" {size}/>"#));
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.path(class, format_args!("M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}"));
    }

    pub(super) fn path(&mut self, class: &str, d: impl Display) {
        self.add(format_args!(r#"<path class="{class}" d="{d}"/>"#));
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        self.add(format_args!(
            r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius:.1}"/>"#
        ));
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " middle",
            Anchor::End => " end",
        };
        let class = format!("{class}{anchor}");
        let (class, text) = (class.trim(), escape(text));
        self.add(format_args!(r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{text}</text>"#));
    }

    /// What `draw` draws, with a text that is shown when the pointer rests on it.
    pub(super) fn hint(&mut self, text: &str, draw: impl FnOnce(&mut Self)) {
        self.add(format_args!("<g><title>{}</title>", escape(text)));
        draw(self);
        self.add(format_args!("</g>"));
    }

    fn add(&mut self, markup: impl Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.body, "{markup}");
    }

    /// The picture, with a title and a description for those who do not see it. `id` is the page's
    /// own for it.
    pub(super) fn finish(self, class: &str, id: &str, title: &str, description: &str) -> String {
        let Self { body, width, height } = self;
        let (title, description) = (escape(title), escape(description));
        format!(
            "<svg class=\"chart {class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-desc\">{description}</desc>\n{body}</svg>\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(escape("a<b>&\"'\0\n"), "a&lt;b&gt;&amp;&quot;&#39;\u{fffd}\n");
        let mut svg = Svg::new(10.0, 5.0);
        svg.hint("</title>", |svg| svg.text("dim", (1.0, 2.0), Anchor::End, "<script>"));
        let svg = svg.finish("wide", "x", "a & b", "-");
        assert!(svg.contains("&lt;script&gt;") && svg.contains("a &amp; b"), "{svg}");
        assert!(svg.contains("class=\"dim end\"") && !svg.contains("<script"), "{svg}");
    }
}
