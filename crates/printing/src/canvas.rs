//! Shapes and lines of text as SVG.

use std::fmt::Write as _;

use crate::markup::escape;
use crate::text::wrap;

/// Fonts, the first of which that is there is taken; all know Vietnamese.
pub(crate) const FONTS: &str = "'Noto Sans','Segoe UI','Liberation Sans',Arial,sans-serif";

/// A growing picture.
#[derive(Default)]
pub(crate) struct Canvas {
    out: String,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    /// Font size, px.
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) colour: &'static str,
}

impl Style {
    pub(crate) const fn plain(size: f64) -> Self {
        Self { size, bold: false, colour: "#1a1a1a" }
    }

    pub(crate) const fn bold(size: f64) -> Self {
        Self { size, bold: true, colour: "#1a1a1a" }
    }

    /// Width of a text.
    pub(crate) fn width(self, text: &str) -> f64 {
        crate::text::width(text, self.size)
    }

    /// Distance of two lines.
    pub(crate) fn line(self) -> f64 {
        (self.size * 1.27).ceil()
    }

    /// The text in lines of that width.
    pub(crate) fn wrapped(self, text: &str, room: f64) -> Vec<String> {
        let size = if self.bold { self.size * 1.07 } else { self.size };
        wrap(text, size, room)
    }
}

impl Canvas {
    pub(crate) fn rect(&mut self, place: Rect, fill: &str, stroke: &str, extra: &str) {
        let Rect { x, y, width, height } = place;
        let _infallible = write!(
            self.out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             fill=\"{fill}\" stroke=\"{stroke}\"{extra}/>"
        );
    }

    /// A line through points; `extra` are attributes.
    pub(crate) fn path(&mut self, points: &[(f64, f64)], stroke: &str, extra: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let points = points.join(" ");
        let _infallible = write!(
            self.out,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{stroke}\"{extra}/>"
        );
    }

    /// One line of text, its baseline at `y`.
    pub(crate) fn text(&mut self, x: f64, y: f64, text: &str, style: Style) {
        self.anchored(x, y, text, style, "start");
    }

    /// One line of text around `x`.
    pub(crate) fn centred(&mut self, x: f64, y: f64, text: &str, style: Style) {
        self.anchored(x, y, text, style, "middle");
    }

    fn anchored(&mut self, x: f64, y: f64, text: &str, style: Style, anchor: &str) {
        let Style { size, bold, colour } = style;
        let weight = if bold { " font-weight=\"700\"" } else { "" };
        let text = escape(text);
        let _infallible = write!(
            self.out,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{colour}\"{weight} \
             text-anchor=\"{anchor}\">{text}</text>"
        );
    }

    /// The number of a step in a disc.
    pub(crate) fn badge(&mut self, x: f64, y: f64, number: &str) {
        let _infallible =
            write!(self.out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8.5\" fill=\"#1f3a5f\"/>");
        let style = Style { size: 9.5, bold: true, colour: "#ffffff" };
        self.centred(x, y + 3.4, number, style);
    }

    /// Opens a group; ids are ASCII by the rules of definitions, and escaped all the same.
    pub(crate) fn open(&mut self, id: &str) {
        let _infallible = write!(self.out, "<g id=\"{}\">", escape(id));
    }

    pub(crate) fn close(&mut self) {
        self.out.push_str("</g>");
    }

    pub(crate) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }
}

/// A place on a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}
