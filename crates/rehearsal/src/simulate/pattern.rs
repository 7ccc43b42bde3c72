//! Texts that fit a pattern, for the plain part of regular expressions that forms use: literals,
//! classes, groups with alternatives, repetition. What it does not understand it leaves to luck;
//! whoever asks validates the text anyway.

use super::chance::Chance;

/// Most repetitions where a pattern sets no end.
const REPEAT_MAX: u32 = 6;
/// Deepest nesting of groups.
const DEPTH_MAX: usize = 16;

/// A text that the pattern matches, if all goes well.
pub(crate) fn text(pattern: &str, chance: &mut Chance) -> String {
    let inner = pattern.trim_start_matches('^').trim_end_matches('$');
    let chars: Vec<char> = inner.chars().collect();
    let mut out = String::new();
    alternatives(&chars, chance, &mut out, 0);
    out
}

fn alternatives(chars: &[char], chance: &mut Chance, out: &mut String, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    let mut parts = vec![Vec::new()];
    let (mut level, mut class, mut escaped) = (0_usize, false, false);
    for c in chars {
        let splits = *c == '|' && level == 0 && !class && !escaped;
        if splits {
            parts.push(Vec::new());
            continue;
        }
        match c {
            _ if escaped => {}
            '[' => class = true,
            ']' => class = false,
            '(' if !class => level += 1,
            ')' if !class => level = level.saturating_sub(1),
            _ => {}
        }
        escaped = *c == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(*c);
        }
    }
    if let Some(part) = chance.pick(&parts) {
        sequence(part, chance, out, depth);
    }
}

fn sequence(chars: &[char], chance: &mut Chance, out: &mut String, depth: usize) {
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_atom(chars, at);
        let atom = &chars[at..end];
        let (least, most, after) = repetition(chars, end);
        let times = chance.between(i64::from(least), i64::from(most));
        for _ in 0..times {
            one(atom, chance, out, depth);
        }
        at = after;
    }
}

fn end_of_atom(chars: &[char], at: usize) -> usize {
    match chars[at] {
        '\\' => (at + 2).min(chars.len()),
        '[' => closing(chars, at, '[', ']'),
        '(' => closing(chars, at, '(', ')'),
        _ => at + 1,
    }
}

fn closing(chars: &[char], at: usize, opens: char, closes: char) -> usize {
    let mut level = 0;
    let mut index = at;
    while index < chars.len() {
        match chars[index] {
            '\\' => index += 1,
            c if c == opens && (opens == '(' || index == at) => level += 1,
            c if c == closes => {
                level -= 1;
                if level == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
        index += 1;
    }
    chars.len()
}

/// Least and most repetitions of the atom before `at`, and where the pattern goes on.
fn repetition(chars: &[char], at: usize) -> (u32, u32, usize) {
    match chars.get(at) {
        Some('?') => (0, 1, at + 1),
        Some('*') => (0, REPEAT_MAX, at + 1),
        Some('+') => (1, REPEAT_MAX, at + 1),
        Some('{') => {
            let end = chars[at..].iter().position(|c| *c == '}').map_or(chars.len(), |n| at + n);
            let inner: String = chars[at + 1..end].iter().collect();
            let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
            let least = least.trim().parse().unwrap_or(0);
            let most = most.trim().parse().unwrap_or(least + REPEAT_MAX);
            (least, most, end + 1)
        }
        _ => (1, 1, at),
    }
}

fn one(atom: &[char], chance: &mut Chance, out: &mut String, depth: usize) {
    match atom {
        ['(', inner @ .., ')'] => {
            let inner = inner.strip_prefix(&['?', ':']).unwrap_or(inner);
            alternatives(inner, chance, out, depth + 1);
        }
        ['[', inner @ .., ']'] => out.extend(of_class(inner, chance)),
        ['\\', 'd'] => out.extend(of_class(&['0', '-', '9'], chance)),
        ['\\', 'w'] => out.extend(of_class(&['a', '-', 'z'], chance)),
        ['\\', 's'] => out.push(' '),
        ['\\', c] => out.push(*c),
        ['.'] => out.extend(of_class(&['a', '-', 'z'], chance)),
        _ => out.extend(atom),
    }
}

fn of_class(inner: &[char], chance: &mut Chance) -> Option<char> {
    if inner.first() == Some(&'^') {
        let known: Vec<char> = "abcdefghijk0123456789".chars().collect();
        let free: Vec<char> = known.into_iter().filter(|c| !inner.contains(c)).collect();
        return chance.pick(&free).copied();
    }
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < inner.len() {
        match (inner[at], inner.get(at + 1), inner.get(at + 2)) {
            ('\\', Some('d'), _) => {
                ranges.push(('0', '9'));
                at += 2;
            }
            ('\\', Some(c), _) => {
                ranges.push((*c, *c));
                at += 2;
            }
            (from, Some('-'), Some(to)) => {
                ranges.push((from, *to));
                at += 3;
            }
            (c, _, _) => {
                ranges.push((c, c));
                at += 1;
            }
        }
    }
    let (from, to) = *chance.pick(&ranges)?;
    let code = chance.between(i64::from(u32::from(from)), i64::from(u32::from(to)));
    u32::try_from(code).ok().and_then(char::from_u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_the_patterns_of_the_catalogue() {
        let mut chance = Chance::of_life(3, 1);
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        for _ in 0..50 {
            let phone = text(r"^\+?[0-9]{8,15}$", &mut chance);
            let bare = phone.trim_start_matches('+');
            assert!((8..=15).contains(&bare.len()) && digits(bare), "{phone}");
            let number = text("^([0-9]{9}|[0-9]{12})$", &mut chance);
            assert!(matches!(number.len(), 9 | 12) && digits(&number), "{number}");
            let code = text("^([0-9]{10}|[0-9]{12}|[0-9]{10}-[0-9]{3})$", &mut chance);
            assert!(matches!(code.len(), 10 | 12 | 14), "{code}");
            let letters = text("^(?:H|G)[A-C]?\\.[0-9]+$", &mut chance);
            assert!(letters.starts_with(['H', 'G']) && letters.contains('.'), "{letters}");
        }
    }

    #[test]
    fn what_is_no_pattern_ends_too() {
        let mut chance = Chance::of_life(3, 2);
        for odd in ["", "^$", "[", "(", "\\", "a{", "a{9", "((((", "[^", "|"] {
            assert!(text(odd, &mut chance).len() < 100);
        }
    }
}
