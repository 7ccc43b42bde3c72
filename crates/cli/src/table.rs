//! Tables that fit the terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns are this far apart.
const GAP: &str = "  ";
/// No column is cut below this.
const COLUMN_WIDTH_MIN: usize = 6;

/// Rows under headings.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(headings: &[&'static str]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// Adds a row. Control characters would let data draw on the terminal: they become spaces.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = cells.into_iter().map(|cell| clean(&cell)).collect();
        row.resize(self.headings.len(), String::new());
        self.rows.push(row);
    }

    /// The same rows under other headings.
    pub(crate) fn translated(&self, heading: impl Fn(&'static str) -> &'static str) -> Self {
        let headings = self.headings.iter().map(|english| heading(english)).collect();
        Self { headings, rows: self.rows.clone() }
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, at most `width` columns wide; the widest columns give way first.
    pub(crate) fn text(&self, width: Option<usize>, heading: impl Fn(&str) -> String) -> String {
        let widths = self.widths(width);
        let mut text = String::new();
        let headings: Vec<String> = self.headings.iter().map(|h| (*h).to_owned()).collect();
        text.push_str(&heading(line(&headings, &widths).trim_end()));
        text.push('\n');
        for row in &self.rows {
            text.push_str(line(row, &widths).trim_end());
            text.push('\n');
        }
        text
    }

    fn widths(&self, fit: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = self.headings.iter().map(|heading| heading.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let Some(fit) = fit else { return widths };
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > fit {
            match widths.iter_mut().max().filter(|width| **width > COLUMN_WIDTH_MIN) {
                Some(widest) => *widest -= 1,
                None => break,
            }
        }
        widths
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let cut = cells.iter().zip(widths).map(|(cell, width)| fitted(cell, *width));
    cut.collect::<Vec<_>>().join(GAP)
}

/// The text padded or cut to a width, with an ellipsis where it was cut.
fn fitted(text: &str, width: usize) -> String {
    let present = text.width();
    if present <= width {
        return text.to_owned() + &" ".repeat(width - present);
    }
    let mut cut = String::new();
    let mut used = 0;
    for letter in text.chars() {
        let wide = letter.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        cut.push(letter);
    }
    cut + "…" + &" ".repeat(width.saturating_sub(used + 1))
}

/// The text without control characters.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["CODE", "PROCEDURE"]);
        table.row(["H49.61.05-261124-0001".into(), "Đăng ký khai sinh".into()]);
        table.row(["".into(), "Đăng ký thành lập hộ kinh doanh".into()]);
        table
    }

    fn plain(heading: &str) -> String {
        heading.to_owned()
    }

    #[test]
    fn columns_stand_under_their_headings() {
        let text = table().text(None, plain);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "CODE                   PROCEDURE");
        assert_eq!(lines[1], "H49.61.05-261124-0001  Đăng ký khai sinh");
        assert_eq!(lines[2].find("Đăng"), Some(23));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for fit in [20, 30, 40, 60] {
            let text = table().text(Some(fit), plain);
            assert!(text.lines().all(|line| line.width() <= fit), "{fit}: {text}");
        }
        assert!(table().text(Some(40), plain).contains('…'));
    }

    #[test]
    fn decomposed_letters_take_the_room_of_one() {
        assert_eq!(fitted("Hoa\u{300}ng", 6).width(), 6);
    }

    #[test]
    fn data_cannot_draw_on_the_terminal() {
        assert_eq!(clean("a\u{1b}[31m\nb"), "a [31m b");
    }
}
