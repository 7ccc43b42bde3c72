//! Words of Vietnamese names: folding for search and for reservations.

use std::fmt::Debug;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Lower-case words with their marks, NFC.
pub fn marked_words(text: &str) -> Vec<String> {
    let lower: String = text.nfc().collect::<String>().to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Lower-case words without marks: `Nguyễn Đức` → `nguyen`, `duc`.
pub fn folded_words(text: &str) -> Vec<String> {
    marked_words(text).iter().map(|word| fold(word)).collect()
}

/// Whether a text carries Vietnamese marks, so that marks matter in a search.
pub fn has_marks(text: &str) -> bool {
    let lower = text.nfc().collect::<String>().to_lowercase();
    fold(&lower) != lower
}

fn fold(word: &str) -> String {
    let strip = |c: char| if c == 'đ' { 'd' } else { c };
    word.nfd().filter(|c| !is_combining_mark(*c)).map(strip).collect()
}

/// A hash function with a key that only the server has. What it yields may stay in a history for
/// ever: without the key nobody can try out which value it stands for.
pub trait KeyedDigest: Debug + Send + Sync {
    /// Digest of `bytes` for one purpose, lower-case hex.
    fn digest(&self, purpose: &str, bytes: &[u8]) -> String;
}

/// `scope/digest` of a reserved name; spelling differences of case and spacing do not matter,
/// marks do.
pub fn reservation_key(digests: &dyn KeyedDigest, scope: &str, name: &str) -> String {
    let words = marked_words(name).join(" ");
    format!("{scope}/{}", digests.digest("reserved_name", words.as_bytes()))
}

/// What holds a payment reference: it pays once, over all dossiers of the receiving unit. No scope
/// of a procedure can have this form, as ids have no `:`.
pub fn payment_key(receiving_unit: &str, reference: &str) -> String {
    format!("payment:{receiving_unit}/{reference}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows what it was given.
    #[derive(Debug)]
    struct Shown;

    impl KeyedDigest for Shown {
        fn digest(&self, purpose: &str, bytes: &[u8]) -> String {
            format!("{purpose}:{}", String::from_utf8_lossy(bytes))
        }
    }

    #[test]
    fn names_fold_to_words_without_marks() {
        assert_eq!(folded_words("  Nguyễn Thị  Đào "), ["nguyen", "thi", "dao"]);
        assert_eq!(marked_words("Nguyễn Thị Đào"), ["nguyễn", "thị", "đào"]);
    }

    #[test]
    fn decomposed_letters_are_the_same_letters() {
        assert_eq!(marked_words("Hoa\u{0300}"), marked_words("Hoà"));
    }

    #[test]
    fn marks_matter_only_when_they_are_typed() {
        assert!(has_marks("Nguyễn"));
        assert!(!has_marks("Nguyen"));
    }

    #[test]
    fn a_business_name_is_the_same_in_other_case_and_spacing() {
        let key = |name| reservation_key(&Shown, "household_business_name", name);
        assert_eq!(key("Phở  Hà Nội"), key("PHỞ HÀ NỘI"));
        assert_ne!(key("Phở Hà Nội"), key("Pho Ha Noi"));
    }

    #[test]
    fn what_is_kept_of_a_reserved_name_comes_from_the_servers_function_alone() {
        let key = reservation_key(&Shown, "household_business_name", "Phở Hà Nội");
        assert_eq!(key, "household_business_name/reserved_name:phở hà nội");
    }
}
