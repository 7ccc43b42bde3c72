//! Pages of A4, in px at 96 to the inch, and pictures that fill them.

use crate::canvas::{Canvas, FONTS, Rect, Style};
use crate::markup::{document, escape};

/// Width of a page.
pub(crate) const PAGE_WIDTH: f64 = 794.0;
/// Height of a page.
pub(crate) const PAGE_HEIGHT: f64 = 1123.0;
/// Margin at each side.
pub(crate) const MARGIN: f64 = 40.0;
/// Where the content of a picture begins, below its heading.
pub(crate) const CONTENT_TOP: f64 = 84.0;
/// Where it ends, above the foot.
pub(crate) const CONTENT_BOTTOM: f64 = PAGE_HEIGHT - 46.0;
/// Width of the content.
pub(crate) const CONTENT_WIDTH: f64 = PAGE_WIDTH - 2.0 * MARGIN;

const ARROWS: &str = "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" \
    markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0,0.8 L7.5,4 L0,7.2 z\" \
    fill=\"#333333\"/></marker></defs>";

/// One page of a picture.
pub(crate) struct Page {
    /// What is drawn between heading and foot.
    pub(crate) content: Canvas,
    /// How far down it goes; a page whose content is longer is drawn smaller.
    pub(crate) bottom: f64,
}

/// What stands on every page of a picture.
pub(crate) struct Frame<'a> {
    pub(crate) lang: &'a str,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) foot: String,
    /// The word for page.
    pub(crate) page: &'a str,
}

impl Frame<'_> {
    /// All pages below each other in one picture.
    pub(crate) fn svg(&self, pages: Vec<Page>) -> String {
        let count = pages.len();
        let height = PAGE_HEIGHT * count as f64;
        let mut body = String::new();
        for (i, page) in pages.into_iter().enumerate() {
            let y = PAGE_HEIGHT * i as f64;
            let inner = self.page_svg(page, i, count);
            body.push_str(&format!("<g transform=\"translate(0,{y})\">{inner}</g>\n"));
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{PAGE_WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {PAGE_WIDTH} {height}\" font-family=\"{FONTS}\">\n\
             <title>{}</title>\n{ARROWS}\
             <rect width=\"{PAGE_WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n",
            escape(&self.title)
        )
    }

    /// A document to print, one picture a page.
    pub(crate) fn html(&self, pages: Vec<Page>) -> String {
        const CSS: &str = include_str!("css/picture.css");
        let count = pages.len();
        let pages = pages.into_iter().enumerate().map(|(i, page)| {
            let inner = self.page_svg(page, i, count);
            let arrows = if i == 0 { ARROWS } else { "" };
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {PAGE_WIDTH} \
                 {PAGE_HEIGHT}\" font-family=\"{FONTS}\">{arrows}{inner}</svg>"
            )
        });
        let body: Vec<String> = pages.collect();
        document(self.lang, &self.title, CSS, &body.join("\n"))
    }

    fn page_svg(&self, page: Page, index: usize, count: usize) -> String {
        let mut canvas = Canvas::default();
        let title = Style::bold(15.0);
        let mut y = 36.0;
        for line in title.wrapped(&self.title, CONTENT_WIDTH).iter().take(2) {
            canvas.text(MARGIN, y, line, title);
            y += title.line();
        }
        let subtitle = Style { size: 9.5, bold: false, colour: "#444444" };
        canvas.text(MARGIN, y - 2.0, &self.subtitle, subtitle);
        let foot = format!("{} · {} {}/{count}", self.foot, self.page, index + 1);
        canvas.text(MARGIN, PAGE_HEIGHT - 24.0, &foot, Style { size: 8.5, ..subtitle });
        let room = CONTENT_BOTTOM - CONTENT_TOP;
        let scale = (room / (page.bottom - CONTENT_TOP).max(1.0)).min(1.0);
        if scale < 1.0 {
            // Content that fits no page is drawn smaller, around the middle of the page.
            let x = PAGE_WIDTH * (1.0 - scale) / 2.0;
            let y = CONTENT_TOP * (1.0 - scale);
            canvas.raw(&format!("<g transform=\"translate({x:.1},{y:.1}) scale({scale:.4})\">"));
            canvas.raw(&page.content.finish());
            canvas.close();
        } else {
            canvas.raw(&page.content.finish());
        }
        let line = Rect { x: MARGIN, y: PAGE_HEIGHT - 38.0, width: CONTENT_WIDTH, height: 0.5 };
        canvas.rect(line, "#888888", "none", "");
        canvas.finish()
    }
}
