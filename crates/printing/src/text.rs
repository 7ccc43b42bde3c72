//! How wide a text is, and where it breaks.
//!
//! The pictures carry no font, so widths are estimated from classes of letters, a little wider
//! than the common sans-serif fonts draw them: a line then ends early rather than over its box.

/// Width of a text in px at that font size.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| share(c) * size).sum()
}

/// Letters and signs that are hardly wider than a stroke.
const NARROW: &str = " \u{a0}.,:;'!|()[]·";
/// Letters of one stroke, with every mark that Vietnamese puts on them.
const STROKES: &str = "ijlIìíỉĩịÍÌỈĨỊ";
/// Letters and signs of two arches.
const BROAD: &str = "mwMW→←—…≥■";

/// Share of the font size that a letter is wide.
fn share(c: char) -> f64 {
    match c {
        '\u{300}'..='\u{36f}' => 0.0,
        'f' | 't' | 'r' | '-' | '/' => 0.41,
        c if NARROW.contains(c) => 0.32,
        c if STROKES.contains(c) => 0.31,
        c if BROAD.contains(c) => 0.95,
        c if c.is_uppercase() => 0.75,
        c if u32::from(c) >= 0x2e80 => 1.05,
        _ => 0.59,
    }
}

/// Lines of at most `room` px. They break at spaces, except those that hold words together. A word
/// that is wider than a line is cut, so nothing ever sticks out; a text without words is no line.
pub(crate) fn wrap(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text
        .split([' ', '\n', '\t'])
        .filter(|word| !word.is_empty())
        .flat_map(|word| pieces(word, size, room))
    {
        if !line.is_empty() && width(&line, size) + share(' ') * size + width(&word, size) > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

fn pieces(word: &str, size: f64, room: f64) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0.0;
    for c in word.chars() {
        let wide = share(c) * size;
        if used + wide > room && used > 0.0 {
            pieces.push(String::new());
            used = 0.0;
        }
        used += wide;
        pieces.last_mut().expect("there is a piece").push(c);
    }
    pieces
}

/// At most so many characters, with an ellipsis where something was left out.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let cut: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_no_word() {
        let text = "Người yêu cầu xác nhận dự thảo Giấy khai sinh trong một ngày";
        let lines = wrap(text, 10.0, 90.0);
        assert!(lines.len() > 2);
        assert!(lines.iter().all(|line| width(line, 10.0) <= 90.0), "{lines:?}");
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn a_word_without_end_is_cut() {
        let lines = wrap(&"x".repeat(500), 10.0, 90.0);
        assert!(lines.iter().all(|line| width(line, 10.0) <= 90.0));
        assert_eq!(lines.concat().len(), 500);
    }

    #[test]
    fn decomposed_marks_take_no_room() {
        assert!((width("a\u{301}", 10.0) - width("a", 10.0)).abs() < f64::EPSILON);
    }

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(shortened("một hai ba", 8), "một hai…");
        assert_eq!(shortened("một", 8), "một");
    }
}
